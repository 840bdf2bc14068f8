/// What is asked of the page, in its own language.
enum PageScripts {
    /// Texts whose contrast with what is behind them is below 4.5:1 (WCAG 2.2, success criterion 1.4.3).
    static let paleTexts = """
        const channel = (value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
        const luminance = ([r, g, b]) => 0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
        const numbers = (colour) => colour.match(/[0-9.]+/g).map(Number);
        const behind = (element) => {
          for (let at = element; at; at = at.parentElement) {
            const colour = numbers(getComputedStyle(at).backgroundColor);
            if (colour.length < 4 || colour[3] > 0) return colour;
          }
          return [255, 255, 255];
        };
        const pale = [];
        for (const element of document.body.querySelectorAll("*")) {
          const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
          if (!own || !element.checkVisibility() || ["SCRIPT", "STYLE", "NOSCRIPT"].includes(element.tagName)) continue;
          const [one, other] = [numbers(getComputedStyle(element).color), behind(element)].map(luminance);
          const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
          if (ratio < 4.5) pale.push(`${element.tagName} ${element.className} ${ratio.toFixed(2)}: ${element.textContent.slice(0, 40)}`);
        }
        return pale;
        """

    /// Controls and pictures that have no name for a screen reader.
    static let unnamed = """
        const named = (element) => element.getAttribute("aria-label") || element.labels?.length || element.textContent.trim();
        return [...document.querySelectorAll("input, button, a, summary, svg, table")]
          .filter((element) => element.checkVisibility() && !named(element)).map((element) => element.outerHTML.slice(0, 80));
        """
}
