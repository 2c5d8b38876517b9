//! Tables with aligned columns.

use std::fmt;

use crate::terminal::printable;

/// To which side a column's cells lean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Rows under headings, two spaces between the columns. Control characters in cells are made visible.
#[derive(Debug, Clone)]
pub struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
    /// Without headings, for lists of `name  value`.
    bare: bool,
}

impl Table {
    /// A table with these headings. One that starts with `>` leans to the right and is shown without it.
    pub fn new(headings: &[&str]) -> Self {
        let column = |heading: &&str| match heading.strip_prefix('>') {
            Some(heading) => (heading.to_owned(), Align::Right),
            None => ((*heading).to_owned(), Align::Left),
        };
        Self { columns: headings.iter().map(column).collect(), rows: Vec::new(), bare: false }
    }

    /// A table of names and values, without headings.
    pub fn pairs() -> Self {
        Self { bare: true, ..Self::new(&["", ""]) }
    }

    /// Adds a row. Cells that are missing stay empty; cells too many are left out.
    pub fn row<I: IntoIterator<Item = S>, S: Into<String>>(&mut self, cells: I) -> &mut Self {
        let mut cells: Vec<String> = cells.into_iter().map(|cell| printable(&cell.into()).replace('\n', " ")).collect();
        cells.resize(self.columns.len(), String::new());
        self.rows.push(cells);
        self
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn widths(&self) -> Vec<usize> {
        let heading = |column: usize| if self.bare { 0 } else { width(&self.columns[column].0) };
        (0..self.columns.len())
            .map(|column| self.rows.iter().map(|row| width(&row[column])).fold(heading(column), usize::max))
            .collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        let headings: Vec<String> = self.columns.iter().map(|(heading, _)| heading.clone()).collect();
        let head = (!self.bare).then_some(&headings);
        for row in head.into_iter().chain(&self.rows) {
            let mut line = String::new();
            for ((cell, (_, align)), wanted) in row.iter().zip(&self.columns).zip(&widths) {
                let gap = " ".repeat(wanted - width(cell));
                match align {
                    Align::Left => line.push_str(&format!("{cell}{gap}  ")),
                    Align::Right => line.push_str(&format!("{gap}{cell}  ")),
                }
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// One column per character: names in a bundle are nearly always ASCII.
fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_foreign_names_are_tame() {
        let mut table = Table::new(&["NAME", ">SIZE", "NOTE"]);
        table.row(["nginx", "1.5 GiB", ""]).row(["a\x1b[2J\nb", "9 B", "odd"]).row(["short"]);
        insta::assert_snapshot!(table, @r"
        NAME             SIZE  NOTE
        nginx         1.5 GiB
        a\u{1b}[2J b      9 B  odd
        short
        ");
        let mut pairs = Table::pairs();
        pairs.row(["name", "platform"]).row(["version", "1.0.0"]);
        assert_eq!(pairs.to_string(), "name     platform\nversion  1.0.0\n");
    }
}
