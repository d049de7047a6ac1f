/// A picture of a few kinds of marks, drawn once and shown as SVG and in the PDF. Units are those of its own width; y grows downwards.
struct Drawing {
    enum Ink: String, CaseIterable { case axis, grid, text, muted, first, second }
    enum Anchor { case start, middle, end }

    enum Mark {
        case rect(x: Double, y: Double, width: Double, height: Double, ink: Ink, title: String)
        case line(x1: Double, y1: Double, x2: Double, y2: Double, ink: Ink)
        /// `y` is the baseline. `widthMax`: longer text is cut where the renderer can measure it.
        case text(String, x: Double, y: Double, anchor: Anchor, ink: Ink, widthMax: Double)
    }

    static let textSize = 12.0

    var width: Double
    var height: Double
    /// What somebody who does not see it is told.
    var summary: String
    var marks: [Mark] = []

    mutating func text(
        _ text: String, x: Double, y: Double, anchor: Anchor = .start, ink: Ink = .text, widthMax: Double = .infinity
    ) {
        marks.append(.text(text, x: x, y: y, anchor: anchor, ink: ink, widthMax: widthMax))
    }

    mutating func rect(x: Double, y: Double, width: Double, height: Double, ink: Ink, title: String = "") {
        marks.append(.rect(x: x, y: y, width: width, height: height, ink: ink, title: title))
    }

    mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, ink: Ink) {
        marks.append(.line(x1: x1, y1: y1, x2: x2, y2: y2, ink: ink))
    }
}
