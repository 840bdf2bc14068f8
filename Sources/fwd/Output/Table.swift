/// Text in columns. A row may be followed by notes, which stand below it, indented, and do not widen the columns.
struct Table {
    enum Alignment {
        case left, right
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

    let columns: [(title: String, alignment: Alignment)]
    var rows: [Row] = []

    init(columns: [(title: String, alignment: Alignment)]) {
        self.columns = columns
    }

    func render(_ style: Style) -> String {
        let header = Row(cells: columns.map { Cell($0.title, .dim) })
        let widths = columns.indices.map { index in
            ([header] + rows).map { $0.cells[index].text.count }.max() ?? 0
        }
        return ([header] + rows).flatMap { lines(of: $0, widths, style) }.joined(separator: "\n")
    }

    private func lines(of row: Row, _ widths: [Int], _ style: Style) -> [String] {
        var line = ""
        for index in columns.indices {
            let isLast = index == columns.indices.last
            if index > 0 { line += "  " }
            line += pad(row.cells[index], to: widths[index], columns[index].alignment, isLast: isLast, style)
        }
        return [line] + row.notes.map { "    " + paint($0, style) }
    }

    private func pad(_ cell: Cell, to width: Int, _ alignment: Alignment, isLast: Bool, _ style: Style) -> String {
        let space = String(repeating: " ", count: width - cell.text.count)
        switch alignment {
        case .left: return paint(cell, style) + (isLast ? "" : space)
        case .right: return space + paint(cell, style)
        }
    }

    private func paint(_ cell: Cell, _ style: Style) -> String {
        cell.colour.map { style.paint(cell.text, $0) } ?? cell.text
    }
}
