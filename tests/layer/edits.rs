//! For arbitrary bodies and edits: an edited body has the changes, and everything else byte for byte.
//!
//! The model is a tree with the white space between its tokens; edits are made in it, and it is written out again.

use legacy_http_compat::{
    CompatFlag, Contract, LegacyHttpCompatLayer,
    contract::{BodyEdit, Endpoint, LegacyShape, Outcome},
};
use proptest::{collection::vec, prelude::*};
use serde_json::Value;

use crate::{
    exchange::{json, request, respond},
    scripted::{Scripted, read},
};

#[derive(Clone, Debug)]
enum Tree {
    Scalar(String),
    /// The children, and the space before the closing bracket.
    Container {
        is_object: bool,
        children: Vec<Child>,
        space: String,
    },
}

#[derive(Clone, Debug)]
struct Child {
    /// Before it, before the colon, after the colon, and before the comma behind it.
    spaces: [String; 4],
    /// As JSON; of an element empty.
    name: String,
    value: Tree,
}

fn write(tree: &Tree, to: &mut String) {
    let (is_object, children, space) = match tree {
        Tree::Scalar(text) => return to.push_str(text),
        Tree::Container {
            is_object,
            children,
            space,
        } => (*is_object, children, space),
    };
    to.push(if is_object { '{' } else { '[' });
    for (index, child) in children.iter().enumerate() {
        to.push_str(if index == 0 { "" } else { "," });
        to.push_str(&child.spaces[0]);
        if is_object {
            to.push_str(&child.name);
            to.push_str(&child.spaces[1]);
            to.push(':');
            to.push_str(&child.spaces[2]);
        }
        write(&child.value, to);
        to.push_str(&child.spaces[3]);
    }
    to.push_str(space);
    to.push(if is_object { '}' } else { ']' });
}

fn space() -> impl Strategy<Value = String> {
    prop_oneof![3 => Just(String::new()), 1 => "[ \t\r\n]{1,3}"]
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i32>().prop_map(|number| number.to_string()),
        Just("1.10e+2".to_owned()),
        Just("null".to_owned()),
        "\\PC{0,6}".prop_map(|text| Value::from(text).to_string()),
        Just(r#""\u0041\\\"]},{[""#.to_owned()),
    ]
}

/// Some are written with an escape.
fn name() -> impl Strategy<Value = (String, String)> {
    prop_oneof![
        2 => "[abc]".prop_map(|name| (name.clone(), format!("\"{name}\""))),
        1 => "[abc]".prop_map(|name| (name.clone(), format!("\"\\u{:04x}\"", u32::from(name.as_bytes()[0])))),
        1 => "[x-z\"é]{1,2}".prop_map(|name| (name.clone(), Value::from(name).to_string())),
    ]
}

fn tree() -> impl Strategy<Value = Tree> {
    scalar()
        .prop_map(Tree::Scalar)
        .prop_recursive(4, 40, 4, |inner| {
            let child = (name(), [space(), space(), space(), space()], inner);
            (any::<bool>(), vec(child, 0..5), space()).prop_map(|(is_object, children, space)| {
                let mut names = Vec::new();
                let children =
                    children
                        .into_iter()
                        .filter_map(|((name, written), spaces, value)| {
                            if is_object && names.contains(&name) {
                                return None;
                            }
                            names.push(name);
                            Some(Child {
                                spaces,
                                name: if is_object { written } else { String::new() },
                                value,
                            })
                        });
                let mut children: Vec<Child> = children.collect();
                // The space before a closing bracket belongs to that.
                if let Some(last) = children.last_mut() {
                    last.spaces[3] = String::new();
                }
                Tree::Container {
                    is_object,
                    children,
                    space,
                }
            })
        })
}

#[derive(Clone, Debug)]
enum Change {
    Rename(String),
    Set(i32),
    Remove,
}

/// One change: of a part that is named from the root.
fn edit() -> impl Strategy<Value = (Vec<String>, Change)> {
    let token = prop_oneof![4 => "[abc]", 2 => Just("*".to_owned()), 1 => "[01]"];
    let change = prop_oneof![
        Just(Change::Rename("new".to_owned())),
        any::<i32>().prop_map(Change::Set),
        Just(Change::Remove),
    ];
    (vec(token, 1..4), change)
}

/// Makes the change in the model.
fn apply(tree: &mut Tree, pointer: &[String], change: &Change) {
    let Tree::Container {
        is_object,
        children,
        ..
    } = tree
    else {
        return;
    };
    let is_object = *is_object;
    let (token, rest) = pointer.split_first().unwrap();
    let is_meant = |index: usize, child: &Child| {
        if is_object {
            serde_json::from_str::<String>(&child.name).unwrap() == *token
        } else {
            token == "*" || *token == index.to_string()
        }
    };
    let meant: Vec<usize> = children
        .iter()
        .enumerate()
        .filter(|(index, child)| is_meant(*index, child))
        .map(|(index, _)| index)
        .collect();
    if !rest.is_empty() {
        for index in meant {
            apply(&mut children[index].value, rest, change);
        }
        return;
    }
    match change {
        Change::Remove => {
            let mut index = 0..;
            children.retain(|_| !meant.contains(&index.next().unwrap()));
        }
        Change::Rename(name) if is_object => {
            for index in meant {
                children[index].name = format!("\"{name}\"");
            }
        }
        Change::Rename(_) => {}
        Change::Set(value) => {
            for &index in &meant {
                children[index].value = Tree::Scalar(value.to_string());
            }
            if meant.is_empty() && is_object && token != "*" {
                let name = format!("\"{token}\"");
                children.push(Child {
                    spaces: Default::default(),
                    name,
                    value: Tree::Scalar(value.to_string()),
                });
            }
        }
    }
}

async fn edited(edit: BodyEdit, body: &str) -> (u16, String) {
    let shape = LegacyShape::new(400).edit(edit);
    let found = Outcome::new("FOUND", 200).legacy(shape);
    let contract = Contract::builder().endpoint(Endpoint::get("item", "/item").outcome(found));
    let layer = LegacyHttpCompatLayer::new(contract.build().unwrap(), &CompatFlag::on("compat"));
    let response = json(200, Scripted::one(body.to_owned()));
    let response = respond(&layer, request("GET", "/item"), response).await;
    let status = response.status().as_u16();
    (
        status,
        String::from_utf8(read(response.into_body()).await).unwrap(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1024) })]

    #[test]
    fn an_edited_body_has_the_changes_and_all_else_byte_for_byte(
        tree in tree(), around in [space(), space()], (pointer, change) in edit(),
    ) {
        let pointer_text = format!("/{}", pointer.join("/"));
        let edit = match &change {
            // An element has no name.
            Change::Rename(_) if pointer.last().unwrap() == "*" => return Ok(()),
            Change::Rename(name) => BodyEdit::new().rename(&pointer_text, name),
            Change::Set(value) => BodyEdit::new().set(&pointer_text, i64::from(*value)),
            Change::Remove => BodyEdit::new().remove(&pointer_text),
        };
        let text = |tree: &Tree| {
            let mut text = around[0].clone();
            write(tree, &mut text);
            text + &around[1]
        };
        let (before, mut after) = (text(&tree), tree);
        apply(&mut after, &pointer, &change);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (status, body) = runtime.block_on(edited(edit, &before));
        prop_assert_eq!(&body, &text(&after), "{} of {}", pointer_text, before);
        prop_assert_eq!(status, 400);
        prop_assert!(serde_json::from_str::<&serde_json::value::RawValue>(&body).is_ok());
    }
}
