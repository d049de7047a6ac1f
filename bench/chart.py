"""Line charts as SVG, without a library: axes with round steps, a legend, dashed limits."""
from html import escape

WIDTH, PANEL, LEFT, RIGHT, TOP, GAP = 860, 250, 78, 190, 46, 62
COLOURS = ["#1f6fb2", "#c8442c", "#2f8f4e", "#8a5bb0", "#b07d12"]


def steps(low, high, count=5):
    """Round numbers that cover low to high."""
    span = (high - low) or 1
    raw = span / count
    power = 10 ** len(str(int(raw))) / 10 if raw >= 1 else 1.0
    while raw < power:
        power /= 10
    size = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= raw)
    at, found = size * int(low / size), []
    while at <= high + size * 0.999:
        found.append(at)
        at += size
    return found


def number(value):
    return f"{value:,.0f}" if abs(value) >= 10 or value == int(value) else f"{value:g}"


class Panel:
    """`series`: [(name, [(x, y), …])]; `limits`: [(name, y)]."""

    def __init__(self, title, x_title, y_title, series, limits=(), zero=True):
        self.title, self.x_title, self.y_title = title, x_title, y_title
        self.series, self.limits, self.zero = series, list(limits), zero

    def draw(self, top):
        points = [p for _, line in self.series for p in line]
        xs, ys = [x for x, _ in points], [y for _, y in points] + [y for _, y in self.limits]
        x_steps = steps(min(xs), max(xs), 6)
        y_steps = steps(0 if self.zero else min(ys), max(ys))
        width, height = WIDTH - LEFT - RIGHT, PANEL

        def place(x, y):
            return (LEFT + (x - x_steps[0]) / (x_steps[-1] - x_steps[0]) * width,
                    top + height - (y - y_steps[0]) / (y_steps[-1] - y_steps[0]) * height)

        out = [f'<text x="{LEFT}" y="{top - 14}" font-weight="bold">{escape(self.title)}</text>']
        for y in y_steps:
            _, at = place(x_steps[0], y)
            out.append(f'<line x1="{LEFT}" x2="{LEFT + width}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>'
                       f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{number(y)}</text>')
        for x in x_steps:
            at, _ = place(x, y_steps[0])
            out.append(f'<text x="{at:.1f}" y="{top + height + 18}" text-anchor="middle">{number(x)}</text>')
        out.append(f'<text x="{LEFT + width / 2}" y="{top + height + 36}" text-anchor="middle">{escape(self.x_title)}</text>')
        out.append(f'<text transform="translate(16 {top + height / 2}) rotate(-90)" text-anchor="middle">{escape(self.y_title)}</text>')
        for name, y in self.limits:
            _, at = place(x_steps[0], y)
            out.append(f'<line x1="{LEFT}" x2="{LEFT + width}" y1="{at:.1f}" y2="{at:.1f}" stroke="#555" stroke-dasharray="5 4"/>'
                       f'<text x="{LEFT + width + 8}" y="{at + 4:.1f}">{escape(name)}</text>')
        for index, (name, line) in enumerate(self.series):
            colour = COLOURS[index % len(COLOURS)]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*p) for p in line))
            out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
            if len(line) <= 40:
                out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in (place(*p) for p in line)]
            # In a row above the plot: nothing else stands there but the title.
            key = LEFT + width - 100 * (len(self.series) - index)
            out.append(f'<rect x="{key}" y="{top - 19}" width="14" height="3" fill="{colour}"/>'
                       f'<text x="{key + 20}" y="{top - 14}">{escape(name)}</text>')
        return "\n".join(out)


def write(path, title, panels):
    height = TOP + len(panels) * (PANEL + GAP + 24)
    body, top = [], TOP + 26
    for panel in panels:
        body.append(panel.draw(top))
        top += PANEL + GAP + 24
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="DejaVu Sans, Helvetica, sans-serif" font-size="12">\n<rect width="100%" height="100%" fill="white"/>\n'
        f'<text x="{LEFT}" y="24" font-size="15" font-weight="bold">{escape(title)}</text>\n' + "\n".join(body) + "\n</svg>\n")
