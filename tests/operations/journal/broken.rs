//! Files that are not as they were written.

use std::{
    fs,
    io::{self, BufReader, Read as _},
};

use legacy_http_compat::rollout::journal::{
    FileJournal, JournalReader, OpenJournalErrorKind, ReadErrorKind,
};
use proptest::prelude::*;

use super::{
    files::{self, body, lines, sealed, verify},
    temp_dir::TempDir,
};

fn kind(bytes: &[u8]) -> (u64, ReadErrorKind) {
    let error = verify(bytes).unwrap_err();
    (error.line().unwrap(), error.kind())
}

#[test]
fn a_change_of_any_byte_is_found_at_its_line() {
    let lines = lines();
    let mut bytes = lines.concat();
    let mut place = 0;
    for (line, text) in (1..).zip(&lines) {
        for _ in 0..text.len() {
            bytes[place] ^= 1;
            if place + 1 == bytes.len() {
                assert!(
                    verify(&bytes).unwrap().torn.is_some(),
                    "the last line break is gone"
                );
            } else {
                assert_eq!(kind(&bytes), (line, ReadErrorKind::Changed), "byte {place}");
            }
            bytes[place] ^= 1;
            place += 1;
        }
    }
    assert_eq!(verify(&bytes).unwrap().head.seq, lines.len() as u64);
}

#[test]
fn a_removed_line_is_found_where_it_was() {
    let lines = lines();
    for removed in 1..lines.len() {
        let mut left = lines.clone();
        left.remove(removed - 1);
        let (line, found) = (removed as u64, removed as u64 + 1);
        assert_eq!(
            kind(&left.concat()),
            (line, ReadErrorKind::OutOfPlace { found })
        );
    }
}

#[test]
fn lines_removed_at_the_end_show_in_what_is_verified() {
    let lines = lines();
    let all = verify(&lines.concat()).unwrap();
    let fewer = verify(&lines[..lines.len() - 1].concat()).unwrap();
    assert_eq!(fewer.head.seq + 1, all.head.seq);
    assert_ne!(fewer.head.hash, all.head.hash);
}

#[test]
fn two_lines_that_changed_places_are_found_at_the_first() {
    let lines = lines();
    for first in 0..lines.len() {
        for second in first + 1..lines.len() {
            let mut swapped = lines.clone();
            swapped.swap(first, second);
            let expected = ReadErrorKind::OutOfPlace {
                found: second as u64 + 1,
            };
            assert_eq!(kind(&swapped.concat()), (first as u64 + 1, expected));
        }
    }
}

#[test]
fn a_line_written_anew_is_found_at_the_next() {
    let mut lines = lines();
    for line in 0..lines.len() - 1 {
        let honest = lines[line].clone();
        lines[line] = sealed(&body(&honest).replace("mara", "nina"));
        assert_eq!(
            kind(&lines.concat()),
            (line as u64 + 2, ReadErrorKind::Unlinked)
        );
        lines[line] = honest;
    }
}

#[test]
fn a_later_format_is_refused_as_one() {
    let later = sealed(&body(&lines()[0]).replace(r#""v":1"#, r#""v":2,"new":[]"#));
    let expected = ReadErrorKind::NewerFormat {
        found: 2,
        supported: 1,
    };
    assert_eq!(kind(&later), (1, expected));
    let message = verify(&later).unwrap_err().to_string();
    assert_eq!(message, "line 1 has format 2, this version reads up to 1");
}

#[test]
fn a_line_of_our_format_that_says_something_else_is_no_event() {
    let first = body(&lines()[0]);
    for (from, to) in [
        (r#""v":1"#, r#""v":0"#),
        (r#""v":1"#, r#""v":1,"v":1"#),
        ("as planned", r"as\u202eplanned"),
    ] {
        assert!(first.contains(from), "{from}");
        let line = sealed(&first.replace(from, to));
        assert_eq!(kind(&line), (1, ReadErrorKind::Malformed), "{to}");
    }
}

#[test]
fn members_and_kinds_of_a_later_version_are_read_as_far_as_they_are_known() {
    let first = body(&lines()[0]);
    for (from, to) in [
        (r#""v":1"#, r#""v":1,"later":1"#),
        (r#""id":"mara""#, r#""id":"mara","later":1"#),
        (r#""opened":{"#, r#""opened":{"later":1,"#),
        (r#""opened""#, r#""later""#),
    ] {
        assert!(first.contains(from), "{from}");
        let line = sealed(&first.replace(from, to));
        let mut reader = JournalReader::new(&line[..]);
        let event = reader.next().unwrap().unwrap();
        let known = to != r#""later""#;
        assert_eq!(event.payload.name(), if known { "opened" } else { "later" });
        assert_eq!(reader.verify().unwrap().head.seq, 1, "{to}");
    }
}

#[test]
fn a_break_in_the_middle_is_refused_and_the_file_stays_as_it_is() {
    let lines = lines();
    let directory = TempDir::new();
    for line in 0..lines.len() {
        let mut broken = lines.clone();
        let middle = broken[line].len() / 2;
        broken[line][middle] ^= 1;
        let path = directory.path().join(line.to_string());
        fs::write(&path, broken.concat()).unwrap();
        let error = FileJournal::open(&path).unwrap_err();
        assert_eq!(error.kind(), OpenJournalErrorKind::Broken);
        assert_eq!(error.line(), Some(line as u64 + 1));
        assert_eq!(fs::read(&path).unwrap(), broken.concat());
    }
}

#[test]
fn zeros_before_the_last_line_are_damage() {
    let mut lines = lines();
    lines[3].fill(0);
    *lines[3].last_mut().unwrap() = b'\n';
    assert_eq!(kind(&lines.concat()), (4, ReadErrorKind::Changed));
}

#[test]
fn an_endless_line_is_given_up() {
    let endless = BufReader::new(io::repeat(b'x'));
    let error = JournalReader::new(endless).verify().unwrap_err();
    assert_eq!(error.kind(), ReadErrorKind::TooLong);
    let mut after = lines().concat();
    after.resize(after.len() + 300_000, b' ');
    assert_eq!(
        kind(&after),
        (files::lines().len() as u64 + 1, ReadErrorKind::TooLong)
    );
}

#[test]
fn a_broken_source_is_no_broken_line() {
    struct Broken;
    impl io::Read for Broken {
        fn read(&mut self, _into: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("unplugged"))
        }
    }
    let lines = lines().concat();
    let error = JournalReader::new(BufReader::new(lines.as_slice().chain(Broken)))
        .verify()
        .unwrap_err();
    assert_eq!((error.line(), error.kind()), (None, ReadErrorKind::Storage));
    assert_eq!(
        error.to_string(),
        "the journal cannot be accessed: unplugged"
    );
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = verify(&bytes);
        let _ = verify(&sealed(&String::from_utf8_lossy(&bytes)));
    }

    #[test]
    fn no_json_makes_the_reader_panic(text in "[{}\\[\\]\",:0-9a-z\\\\ \n]{0,200}") {
        let line = format!(r#"{{"v":1,"prev_sha256":"{}","event":{text}"#, "0".repeat(64));
        prop_assert!(verify(&sealed(&line)).is_err());
    }
}
