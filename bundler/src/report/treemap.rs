//! Sizes as areas: the parts of a bundle, and in each the items. Laid out by the method of Bruls, Huizing and van Wijk
//! ("Squarified treemaps"), which keeps areas near squares.

use super::model::Part;
use super::text::{Size, Text};

/// The width of the picture, in its own units.
pub(super) const WIDTH: f64 = 1000.0;
/// Its height.
pub(super) const HEIGHT: f64 = 420.0;
/// Items of a part that have areas of their own.
const ITEMS: usize = 24;
/// How wide and high an area is to have its name in it.
const LABELLED: (f64, f64) = (96.0, 30.0);
/// The width of a character of a name.
const CHARACTER: f64 = 8.4;

/// An area.
#[derive(Debug, Clone)]
pub(super) struct Tile {
    /// The number of its part.
    pub(super) part: usize,
    pub(super) area: Area,
    /// What it stands for, in full.
    pub(super) title: String,
    /// The name in it, where there is room.
    pub(super) label: Option<String>,
}

impl Tile {
    /// Where its name begins.
    pub(super) fn left(&self) -> f64 {
        self.area.x + 8.0
    }

    /// The line that its name stands on.
    pub(super) fn baseline(&self) -> f64 {
        self.area.y + 20.0
    }
}

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// The areas of all items.
pub(super) fn tiles(parts: &[Part]) -> Vec<Tile> {
    let whole = Area { x: 0.0, y: 0.0, width: WIDTH, height: HEIGHT };
    let mut tiles = Vec::new();
    for ((number, part), area) in
        parts.iter().enumerate().zip(squarified(&sizes(parts.iter().map(|part| part.size)), whole))
    {
        let items = items(part);
        let inner = area.within(1.5);
        for ((name, size), area) in items.iter().zip(squarified(&sizes(items.iter().map(|(_, size)| *size)), inner)) {
            let title = format!("{}: {name}, {size}", part.name);
            tiles.push(Tile { part: number, area: area.within(0.5), title, label: label(name, area) });
        }
    }
    tiles.retain(|tile| tile.area.width > 0.0 && tile.area.height > 0.0);
    tiles
}

/// What of a part has an area: its largest items, and all others together. What several parts need has no items.
fn items(part: &Part) -> Vec<(String, Size)> {
    let mut items: Vec<(String, Size)> =
        part.items.iter().take(ITEMS).map(|(name, size)| (short(name), *size)).collect();
    let counted: u64 = items.iter().map(|(_, size)| size.0).sum();
    let rest = part.size.0.saturating_sub(counted);
    if rest > 0 {
        let name = match part.items.len().saturating_sub(ITEMS) {
            0 => part.name.to_string(),
            more => format!("{more} more"),
        };
        items.push((name, Size(rest)));
    }
    items
}

/// The end of a reference: what tells it from its neighbours.
fn short(name: &Text) -> String {
    name.as_str().rsplit('/').next().unwrap_or_default().to_owned()
}

fn label(name: &str, area: Area) -> Option<String> {
    if area.width < LABELLED.0 || area.height < LABELLED.1 {
        return None;
    }
    let room = ((area.width - 14.0) / CHARACTER) as usize;
    if name.chars().count() <= room {
        return Some(name.to_owned());
    }
    let cut: String = name.chars().take(room.saturating_sub(1)).collect();
    Some(format!("{cut}…"))
}

fn sizes(sizes: impl Iterator<Item = Size>) -> Vec<f64> {
    sizes.map(|size| size.0 as f64).collect()
}

/// Divides an area by sizes, which come from the largest to the smallest.
fn squarified(sizes: &[f64], whole: Area) -> Vec<Area> {
    let total: f64 = sizes.iter().sum();
    if total <= 0.0 {
        return vec![Area { width: 0.0, height: 0.0, ..whole }; sizes.len()];
    }
    let scale = whole.width * whole.height / total;
    let sizes: Vec<f64> = sizes.iter().map(|size| size * scale).collect();
    let (mut areas, mut rest, mut at) = (Vec::new(), whole, 0);
    while at < sizes.len() {
        let side = rest.width.min(rest.height);
        let mut end = at + 1;
        while end < sizes.len() && worst(&sizes[at..=end], side) <= worst(&sizes[at..end], side) {
            end += 1;
        }
        rest = rest.lay(&sizes[at..end], &mut areas);
        at = end;
    }
    areas
}

/// How far the thinnest of a row is from a square.
fn worst(row: &[f64], side: f64) -> f64 {
    let sum: f64 = row.iter().sum();
    let (most, least) = row.iter().fold((0.0, f64::INFINITY), |(most, least), size| (size.max(most), size.min(least)));
    if sum <= 0.0 || least <= 0.0 || side <= 0.0 {
        return f64::INFINITY;
    }
    (side * side * most / (sum * sum)).max(sum * sum / (side * side * least))
}

impl Area {
    /// Lays a row along the shorter side, and gives what is left.
    fn lay(self, row: &[f64], areas: &mut Vec<Self>) -> Self {
        let sum: f64 = row.iter().sum();
        let lying = self.width < self.height;
        let side = if lying { self.width } else { self.height };
        let depth = if side > 0.0 { sum / side } else { 0.0 };
        let mut offset = 0.0;
        for size in row {
            let length = if depth > 0.0 { size / depth } else { 0.0 };
            areas.push(if lying {
                Self { x: self.x + offset, y: self.y, width: length, height: depth }
            } else {
                Self { x: self.x, y: self.y + offset, width: depth, height: length }
            });
            offset += length;
        }
        if lying {
            Self { y: self.y + depth, height: (self.height - depth).max(0.0), ..self }
        } else {
            Self { x: self.x + depth, width: (self.width - depth).max(0.0), ..self }
        }
    }

    /// The same with a margin.
    fn within(self, margin: f64) -> Self {
        let width = (self.width - 2.0 * margin).max(0.0);
        let height = (self.height - 2.0 * margin).max(0.0);
        Self { x: self.x + margin, y: self.y + margin, width, height }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_as_the_sizes_and_fill_the_whole() {
        let whole = Area { x: 0.0, y: 0.0, width: 600.0, height: 400.0 };
        let sizes = [6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0];
        let areas = squarified(&sizes, whole);
        assert_eq!(areas.len(), sizes.len());
        for (area, size) in areas.iter().zip(sizes) {
            assert!((area.width * area.height - size * 10_000.0).abs() < 1e-6, "{area:?}");
            assert!(area.x + area.width <= 600.0 + 1e-6 && area.y + area.height <= 400.0 + 1e-6, "{area:?}");
            let ratio = area.width / area.height;
            assert!((0.25..4.0).contains(&ratio), "{area:?}");
        }
    }

    #[test]
    fn nothing_has_no_area() {
        let whole = Area { x: 0.0, y: 0.0, width: 600.0, height: 400.0 };
        assert!(squarified(&[], whole).is_empty());
        assert!(squarified(&[0.0, 0.0], whole).iter().all(|area| area.width == 0.0));
        assert_eq!(squarified(&[1.0, 0.0], whole).len(), 2);
    }
}
