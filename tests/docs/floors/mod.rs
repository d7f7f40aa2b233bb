//! Guards the floors of the design: which modules may import which.
//!
//! A file imports from its own floor or those below; there are no circles, neither between files nor between the folders of
//! one module; middleware and rollout never import each other; a `mod.rs` is a façade without logic.

mod made_up_tests;
mod plan;
mod rules;
mod source;
mod tables;

use std::{fs, path::Path};

use rules::faults;
use source::SourceFile;

#[test]
fn every_file_imports_from_its_own_floor_or_below() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    read_into(&mut files, &root, &root);
    assert!(files.len() > 10, "the sources are found");
    let faults = faults(&files);
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

fn read_into(files: &mut Vec<SourceFile>, root: &Path, folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_into(files, root, &path);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path
                .strip_prefix(root)
                .unwrap()
                .to_string_lossy()
                .replace('\\', "/");
            files.push(SourceFile::new(&name, &fs::read_to_string(&path).unwrap()));
        }
    }
}
