//! A little HTML, readable in a text browser: no scripts, no pictures, nothing from elsewhere.

use std::fmt::Write as _;

use crate::http::Response;

/// A page under construction.
pub(crate) struct Page(String);

const STYLE: &str = "body{font-family:sans-serif;max-width:60em;margin:2em auto;padding:0 1em;line-height:1.4}\
pre{background:#eee;padding:.7em;overflow:auto}td,th{text-align:left;padding:.1em 1.5em .1em 0;vertical-align:top}";

impl Page {
    pub(crate) fn new(title: &str) -> Self {
        let title = escape(title);
        Self(format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
             <style>{STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n"
        ))
    }

    pub(crate) fn heading(&mut self, text: &str) {
        let _ = writeln!(self.0, "<h2>{}</h2>", escape(text));
    }

    pub(crate) fn paragraph(&mut self, text: &str) {
        let _ = writeln!(self.0, "<p>{}</p>", escape(text));
    }

    pub(crate) fn code(&mut self, text: &str) {
        let _ = writeln!(self.0, "<pre>{}</pre>", escape(text));
    }

    pub(crate) fn list<'t>(&mut self, items: impl IntoIterator<Item = &'t str>) {
        self.0.push_str("<ul>\n");
        for item in items {
            let _ = writeln!(self.0, "<li>{}</li>", escape(item));
        }
        self.0.push_str("</ul>\n");
    }

    /// A list of links: target and text.
    pub(crate) fn links<'t>(&mut self, links: impl IntoIterator<Item = (String, &'t str)>) {
        self.0.push_str("<ul>\n");
        for (target, text) in links {
            let _ = writeln!(self.0, "<li><a href=\"{}\">{}</a></li>", escape(&target), escape(text));
        }
        self.0.push_str("</ul>\n");
    }

    pub(crate) fn table<const N: usize>(&mut self, head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) {
        self.0.push_str("<table>\n<tr>");
        head.iter().for_each(|cell| self.cell("th", cell));
        for row in rows {
            self.0.push_str("</tr>\n<tr>");
            row.iter().for_each(|cell| self.cell("td", cell));
        }
        self.0.push_str("</tr>\n</table>\n");
    }

    fn cell(&mut self, tag: &str, text: &str) {
        let _ = write!(self.0, "<{tag}>{}</{tag}>", escape(text));
    }

    pub(crate) fn finish(mut self) -> Response {
        self.0.push_str("</body></html>\n");
        Response::text(200, "text/html; charset=utf-8", self.0)
            .with_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
            .with_header("Cache-Control", "no-store")
    }
}

/// Text as it may stand in HTML, in attributes too.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
