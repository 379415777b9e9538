//! Pieces of HTML.

/// Text as HTML.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            c if c.is_control() && c != '\n' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A table of cells that are HTML already, in a box that scrolls where the page is narrow.
pub(crate) fn table(head: &[String], rows: &[Vec<String>]) -> String {
    let mut out =
        String::from("<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"table\"><table>\n");
    if !head.is_empty() {
        let cells: String = head.iter().map(|cell| format!("<th scope=\"col\">{cell}</th>")).collect();
        out += &format!("<thead><tr>{cells}</tr></thead>\n");
    }
    out += "<tbody>\n";
    for row in rows {
        let cells: String = row.iter().map(|cell| format!("<td>{cell}</td>")).collect();
        out += &format!("<tr>{cells}</tr>\n");
    }
    out + "</tbody></table></div>\n"
}

/// A table of text.
pub(crate) fn text_table(head: &[&str], rows: &[Vec<String>]) -> String {
    let head: Vec<String> = head.iter().map(|cell| escape(cell)).collect();
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| escape(cell)).collect()).collect();
    table(&head, &rows)
}

/// A command line that a shell reads back as these words.
pub(crate) fn shell(words: &[String]) -> String {
    const PLAIN: &str = "-_./=,:+@%";
    let quoted = words.iter().enumerate().map(|(k, word)| {
        // The program is called by its name, wherever it lies.
        if k == 0 {
            return "isoflop".to_owned();
        }
        match !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || PLAIN.contains(c)) {
            true => word.clone(),
            false => format!("'{}'", word.replace('\'', "'\\''")),
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(escape("<b a='1'>&\"\u{7}"), "&lt;b a=&#39;1&#39;&gt;&amp;&quot; ");
        assert!(text_table(&["<"], &[vec!["<script>".into()]]).contains("<td>&lt;script&gt;</td>"));
    }

    #[test]
    fn commands_are_quoted_for_a_shell() {
        let words =
            ["x/isoflop", "fit", "a b.csv", "--law", "loss ~ E", "it's", "", "N=1B"].map(str::to_owned);
        assert_eq!(shell(&words), "isoflop fit 'a b.csv' --law 'loss ~ E' 'it'\\''s' '' N=1B");
    }
}
