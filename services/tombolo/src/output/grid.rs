//! A table with columns that line up, written at once or page by page.

use std::io::{self, Write};

/// See the module. A column is as wide as the widest cell so far, its name included.
#[derive(Debug)]
pub(crate) struct Grid<const N: usize> {
    names: [&'static str; N],
    widths: [usize; N],
    rows: Vec<[String; N]>,
    has_head: bool,
}

impl<const N: usize> Grid<N> {
    /// A table with columns of these names.
    pub(crate) fn new(names: [&'static str; N]) -> Self {
        Self { names, widths: names.map(width), rows: Vec::new(), has_head: false }
    }

    /// Adds a row, whose cells are fit to be shown.
    pub(crate) fn row(&mut self, cells: [String; N]) {
        for (known, cell) in self.widths.iter_mut().zip(&cells) {
            *known = width(cell).max(*known);
        }
        self.rows.push(cells);
    }

    /// Writes the rows that were added since the last time, the first time under their names.
    pub(crate) fn write(&mut self, out: &mut impl Write) -> io::Result<()> {
        if !core::mem::replace(&mut self.has_head, true) {
            self.write_row(out, &self.names)?;
        }
        for row in core::mem::take(&mut self.rows) {
            self.write_row(out, &row)?;
        }
        Ok(())
    }

    fn write_row(&self, out: &mut impl Write, cells: &[impl AsRef<str>; N]) -> io::Result<()> {
        let mut line = String::new();
        for (cell, known) in cells.iter().zip(self.widths) {
            let cell = cell.as_ref();
            line.push_str(cell);
            line.extend(core::iter::repeat_n(' ', known - width(cell) + 2));
        }
        writeln!(out, "{}", line.trim_end())
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written<const N: usize>(grid: &mut Grid<N>) -> String {
        let mut out = Vec::new();
        grid.write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_line_up_under_their_names() {
        let mut grid = Grid::new(["KEY", "VALUE"]);
        grid.row(["alice".to_owned(), "1".to_owned()]);
        grid.row(["é".to_owned(), String::new()]);
        assert_eq!(written(&mut grid), "KEY    VALUE\nalice  1\né\n");
        grid.row(["b".to_owned(), "2".to_owned()]);
        assert_eq!(written(&mut grid), "b      2\n");
    }

    #[test]
    fn an_empty_table_has_its_head() {
        assert_eq!(written(&mut Grid::new(["KEY"])), "KEY\n");
    }
}
