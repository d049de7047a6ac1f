/// Paper has one set of colours: those of the page's light style.
enum PDFColor {
    case text, muted, rule, grid, axis, head, first, second

    init(_ ink: Drawing.Ink) {
        switch ink {
        case .axis: self = .axis
        case .grid: self = .grid
        case .text: self = .text
        case .muted: self = .muted
        case .first: self = .first
        case .second: self = .second
        }
    }

    private var hex: UInt32 {
        switch self {
        case .text: 0x1b2230
        case .muted: 0x596273
        case .rule: 0xd5dae2
        case .grid: 0xe7eaef
        case .axis: 0x8a93a3
        case .head: 0xf2f4f7
        case .first: 0x22609f
        case .second: 0xb8500f
        }
    }

    var red: Double { Double(hex >> 16) / 255 }
    var green: Double { Double(hex >> 8 & 255) / 255 }
    var blue: Double { Double(hex & 255) / 255 }
}
