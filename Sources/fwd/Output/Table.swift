/// Text in columns. A row may be followed by notes, which stand below it, indented, and do not widen the columns.
struct Table {
    enum Alignment: Sendable {
        case left, right
        /// To the left, and what gives way where the table is too wide.
        case elastic
    }

    struct Cell {
        var text: String
        var colour: Style.Colour?

        init(_ text: String, _ colour: Style.Colour? = nil) {
            self.text = text
            self.colour = colour
        }
    }

    struct Row {
        var cells: [Cell]
        var notes: [Cell] = []
    }

    /// Our choices.
    private enum Layout {
        static let gap = 2
        static let noteIndentation = 4
        /// An elastic column does not get narrower.
        static let narrowest = 10
    }

    let columns: [(title: String, alignment: Alignment)]
    var rows: [Row] = []

    init(columns: [(title: String, alignment: Alignment)]) {
        self.columns = columns
    }

    /// How wide it is where there is room.
    var naturalWidth: Int { Self.total(naturalWidths) }

    /// - Parameter width: in characters; `nil`: as wide as it wants to be.
    func render(_ style: Style, width: Int? = nil) -> String {
        let widths = width.map(fitted) ?? naturalWidths
        return ([header] + rows).flatMap { lines(of: $0, widths, style, width) }.joined(separator: "\n")
    }

    private var header: Row { Row(cells: columns.map { Cell($0.title, .dim) }) }

    private var naturalWidths: [Int] {
        columns.indices.map { index in ([header] + rows).map { $0.cells[index].text.count }.max() ?? 0 }
    }

    private static func total(_ widths: [Int]) -> Int {
        widths.reduce(0, +) + Layout.gap * max(widths.count - 1, 0)
    }

    /// The widest elastic column gives way first.
    private func fitted(to width: Int) -> [Int] {
        var widths = naturalWidths
        let elastic = columns.indices.filter { columns[$0].alignment == .elastic }
        while Self.total(widths) > width {
            guard let widest = elastic.max(by: { widths[$0] < widths[$1] }), widths[widest] > Layout.narrowest else {
                break
            }
            widths[widest] -= 1
        }
        return widths
    }

    private func lines(of row: Row, _ widths: [Int], _ style: Style, _ width: Int?) -> [String] {
        var line = ""
        for index in columns.indices {
            let isLast = index == columns.indices.last
            if index > 0 { line += String(repeating: " ", count: Layout.gap) }
            line += pad(row.cells[index], to: widths[index], columns[index].alignment, isLast: isLast, style)
        }
        let indentation = String(repeating: " ", count: Layout.noteIndentation)
        let notes = row.notes.flatMap { note in
            TextWrap.lines(note.text, width: width.map { max($0 - Layout.noteIndentation, 20) })
                .map { indentation + paint($0, note.colour, style) }
        }
        return [line] + notes
    }

    private func pad(_ cell: Cell, to width: Int, _ alignment: Alignment, isLast: Bool, _ style: Style) -> String {
        let text = TextWrap.shortened(cell.text, to: width)
        let space = String(repeating: " ", count: width - text.count)
        switch alignment {
        case .left, .elastic: return paint(text, cell.colour, style) + (isLast ? "" : space)
        case .right: return space + paint(text, cell.colour, style)
        }
    }

    private func paint(_ text: String, _ colour: Style.Colour?, _ style: Style) -> String {
        colour.map { style.paint(text, $0) } ?? text
    }
}
