//! The nested keys of configuration files.

/// Tracks the nested keys of a configuration file by their indentation.
///
/// This is not a parser: it recognizes `key:`, `"key":`, `key =`, and TOML's `[a.b]`. Within a line, it splits at braces
/// and commas.
pub(super) struct ConfigKeys {
    /// Whether `[a.b]` is a table header, and not a list.
    tables: bool,
    /// The indentation of each open key, and its name.
    open: Vec<(usize, String)>,
}

/// Extensions of files with nested keys.
const NESTING: [&str; 14] = [
    "cfg", "conf", "hcl", "hocon", "ini", "json", "json5", "jsonc", "ron", "tf", "tfvars", "toml",
    "yaml", "yml",
];

/// Those of them with table headers.
const TABLES: [&str; 3] = ["cfg", "ini", "toml"];

/// More than any indentation: keys in braces on one line are nested deeper than any line.
const ONE_LINE: usize = 1_000_000;

impl ConfigKeys {
    /// Tracks a file with this extension, if it has nested keys.
    pub(super) fn of_kind(extension: &str) -> Option<Self> {
        let extension = extension.to_ascii_lowercase();
        let is_among = |kinds: &[&str]| kinds.contains(&extension.as_str());
        is_among(&NESTING).then(|| Self {
            tables: is_among(&TABLES),
            open: Vec::new(),
        })
    }

    /// Reads a line, and returns whether one of its keys is the flag.
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

    /// Whether the path of keys has just reached the flag, perhaps below others, and perhaps one of its settings at once.
    fn is_at(&self, flag: &str) -> bool {
        let keys: Vec<&str> = self.open.iter().map(|(_, key)| key.as_str()).collect();
        let path = keys.join(".");
        let last = path.len() - keys.last().map_or(0, |key| key.len());
        path.match_indices(flag).any(|(at, flag)| {
            let (before, after) = (&path[..at], &path[at + flag.len()..]);
            let begins = before.is_empty() || before.ends_with('.');
            let ends = after.is_empty() || after.starts_with('.');
            begins && ends && at + flag.len() > last
        })
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
