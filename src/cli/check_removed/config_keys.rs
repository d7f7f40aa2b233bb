//! Nested keys, as YAML, JSON and TOML write them.

/// Follows the keys of a configuration file from line to line by their indentation.
///
/// Not a parser: it takes any `key:`, `"key":` or `key =`, and `[a.b]` as TOML has it. What is written in one line is
/// taken apart at its braces and commas.
pub(super) struct ConfigKeys {
    /// Whether `[a.b]` is a table header, and not a list.
    tables: bool,
    /// The indentation of each open key, and its name.
    open: Vec<(usize, String)>,
}

/// Extensions of files that nest keys.
const NESTING: [&str; 11] = [
    "cfg", "conf", "hocon", "ini", "json", "json5", "jsonc", "ron", "toml", "yaml", "yml",
];

/// Those of them with table headers.
const TABLES: [&str; 3] = ["cfg", "ini", "toml"];

/// More than any indentation: what is in braces on one line is nested deeper than any line of its own.
const ONE_LINE: usize = 1_000_000;

impl ConfigKeys {
    /// The keys of a file of this kind, where it nests them.
    pub(super) fn of_kind(extension: &str) -> Option<Self> {
        let extension = extension.to_ascii_lowercase();
        let is_among = |kinds: &[&str]| kinds.contains(&extension.as_str());
        is_among(&NESTING).then(|| Self {
            tables: is_among(&TABLES),
            open: Vec::new(),
        })
    }

    /// Reads a line; whether one of its keys is the flag.
    pub(super) fn reach(&mut self, line: &str, flag: &str) -> bool {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        if self.tables
            && let Some(header) = text.strip_prefix('[')
            && let Some((table, _)) = header.trim_start_matches('[').split_once(']')
        {
            self.open = vec![(0, table.replace(['"', '\'', ' '], ""))];
            return self.is_at(flag);
        }
        self.reach_pieces(indent, text, flag)
    }

    /// Reads what a line has between its braces and commas.
    fn reach_pieces(&mut self, indent: usize, text: &str, flag: &str) -> bool {
        let mut depth = 0;
        let mut reached = false;
        for piece in text.split_inclusive(['{', '}', ',', '(', ')']) {
            if let Some(key) = key(piece) {
                // One more than its indentation: the table of TOML is above all of them.
                let at = indent + 1 + depth * ONE_LINE;
                self.open.retain(|(standing, _)| *standing < at);
                self.open.push((at, key));
                reached |= self.is_at(flag);
            }
            depth += usize::from(piece.ends_with(['{', '(']));
            depth = depth.saturating_sub(usize::from(piece.ends_with(['}', ')'])));
        }
        reached
    }

    /// Whether the path of keys is the flag, perhaps below others.
    fn is_at(&self, flag: &str) -> bool {
        let keys: Vec<&str> = self.open.iter().map(|(_, key)| key.as_str()).collect();
        let path = keys.join(".");
        path.strip_suffix(flag)
            .is_some_and(|above| above.is_empty() || above.ends_with('.'))
    }
}

/// The key that a piece of a line begins with.
fn key(piece: &str) -> Option<String> {
    let piece = piece.trim_start().trim_start_matches("- ");
    let end = piece.find([':', '='])?;
    let key = piece[..end].trim().replace(['"', '\''], "");
    let is_key = |c: char| c.is_alphanumeric() || "._-/".contains(c);
    (!key.is_empty() && key.chars().all(is_key)).then_some(key)
}
