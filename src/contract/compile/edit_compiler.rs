//! From an edit to its compiled form.

use super::{
    compiled_edit::{Change, CompiledEdit, EditChild, EditNode},
    template_compiler::TemplateInputs,
};
use crate::{
    contract::definition::{edit::BodyEdit, template::Template},
    diagnostics::{Diagnostics, FaultCode},
    json::{FieldScanner, tokens},
};

/// Which element an edit means by a `*`.
const EVERY: &str = "*";

impl CompiledEdit {
    pub(super) fn compile(edit: &BodyEdit, inputs: &mut TemplateInputs<'_, '_>) -> Self {
        let mut tree = EditTree::default();
        let changes = edit.rename.len() + edit.set.len() + edit.remove.len();
        // Changes that could not be read are reported already.
        if changes == 0 && !inputs.diagnostics.has_fault_here() {
            inputs.add("{}", "at least one of rename, set and remove");
        }
        inputs
            .diagnostics
            .at_most(Self::MAX_CHANGES, "changes of one body", "", changes);
        inputs.at("rename", |inputs| {
            for (pointer, name) in &edit.rename {
                inputs.at(pointer, |inputs| {
                    tree.rename(pointer, name, inputs.diagnostics);
                });
            }
        });
        inputs.at("set", |inputs| {
            for (pointer, value) in &edit.set {
                inputs.at(pointer, |inputs| tree.set(pointer, value, inputs));
            }
        });
        inputs.at("remove", |inputs| {
            for (index, pointer) in edit.remove.iter().enumerate() {
                inputs.at(index, |inputs| {
                    tree.change(pointer, Change::Remove, inputs.diagnostics);
                });
            }
        });
        inputs.at("rename", |inputs| {
            for (pointer, name) in &edit.rename {
                inputs.at(pointer, |inputs| {
                    tree.check_name(pointer, name, inputs.diagnostics);
                });
            }
        });
        Self { root: tree.root }
    }
}

#[derive(Default)]
struct EditTree {
    root: EditNode,
}

impl EditTree {
    fn rename(&mut self, pointer: &str, name: &str, diagnostics: &mut Diagnostics) {
        let Some(child) = self.child(pointer, diagnostics) else {
            return;
        };
        if *child.token == *EVERY {
            let expected = "a pointer to a member: an element of an array has no name";
            diagnostics.add(FaultCode::InvalidPointer, pointer, expected);
        } else if child.rename.replace(name.into()).is_some() {
            once(pointer, diagnostics);
        }
    }

    fn set(&mut self, pointer: &str, value: &Template, inputs: &mut TemplateInputs<'_, '_>) {
        let element = pointer.rfind("/*").filter(|at| {
            let rest = &pointer[at + 2..];
            rest.is_empty() || rest.starts_with('/')
        });
        let parts = if let Some(at) = element {
            let Some(element) = self.child(&pointer[..at + 2], inputs.diagnostics) else {
                return;
            };
            let item = std::mem::take(&mut element.node.item);
            let (parts, item) = inputs.within(item, |inputs| inputs.parts(&value.0));
            if let Some(element) = self.child(&pointer[..at + 2], inputs.diagnostics) {
                element.node.item = item;
            }
            parts
        } else {
            inputs.parts(&value.0)
        };
        let is_optional = value.0.may_be_absent();
        let change = Change::Set { parts, is_optional };
        self.change(pointer, change, inputs.diagnostics);
    }

    fn change(&mut self, pointer: &str, change: Change, diagnostics: &mut Diagnostics) {
        let Some(child) = self.child(pointer, diagnostics) else {
            return;
        };
        if !child.node.is_empty() {
            within(pointer, diagnostics);
        } else if child.rename.is_some() && matches!(change, Change::Remove)
            || child.change.replace(change).is_some()
        {
            once(pointer, diagnostics);
        }
    }

    /// The part at `pointer`, which is added if there is no change of it yet.
    fn child(&mut self, pointer: &str, diagnostics: &mut Diagnostics) -> Option<&mut EditChild> {
        let tokens = tokens(pointer).filter(|tokens| {
            (1..=FieldScanner::MAX_DEPTH).contains(&tokens.len()) && !tokens.contains(&"-".into())
        });
        let Some(tokens) = tokens else {
            let most = FieldScanner::MAX_DEPTH;
            let expected = format!(
                "a JSON pointer to a part of the body such as /items/*/name (RFC 6901), at most {most} levels deep"
            );
            diagnostics.add(FaultCode::InvalidPointer, pointer, expected);
            return None;
        };
        let (last, before) = tokens.split_last()?;
        let mut node = &mut self.root;
        for token in before {
            let child = child_of(node, token, pointer, diagnostics)?;
            if child.change.is_some() {
                within(pointer, diagnostics);
                return None;
            }
            node = &mut child.node;
        }
        child_of(node, last, pointer, diagnostics)
    }

    /// The new name must not be that of a member that another change leaves or adds, and no pointer: it names no other place.
    fn check_name(&mut self, pointer: &str, name: &str, diagnostics: &mut Diagnostics) {
        let own = tokens(pointer).and_then(|mut tokens| tokens.pop());
        let Some((around, _)) = pointer.rsplit_once('/') else {
            return;
        };
        let siblings = if around.is_empty() {
            Some(&mut self.root)
        } else {
            self.child(around, diagnostics).map(|child| &mut child.node)
        };
        let others = siblings.map(|node| node.children.iter());
        let mut others = others.into_iter().flatten();
        let is_taken = others.any(|other| match (&other.rename, &other.change) {
            (Some(new), _) => Some(&*other.token) != own.as_deref() && **new == *name,
            (None, Some(Change::Set { .. })) => *other.token == *name,
            (None, _) => false,
        });
        let expected = if name.is_empty() || name.starts_with('/') {
            "the member's new name such as title, which is no pointer"
        } else if own.as_deref() == Some(name) || is_taken {
            "a name that no other member has then"
        } else {
            return;
        };
        diagnostics.add(FaultCode::InvalidTemplate, name, expected);
    }
}

impl EditNode {
    fn is_empty(&self) -> bool {
        self.children.is_empty() && self.elements.is_none()
    }
}

fn child_of<'n>(
    node: &'n mut EditNode,
    token: &str,
    pointer: &str,
    diagnostics: &mut Diagnostics,
) -> Option<&'n mut EditChild> {
    let is_mixed = if token == EVERY {
        !node.children.is_empty()
    } else {
        node.elements.is_some()
    };
    if is_mixed {
        let expected = "either `*` or names and indexes at one place";
        diagnostics.add(FaultCode::InvalidPointer, pointer, expected);
        return None;
    }
    let new = || EditChild {
        token: token.into(),
        ..EditChild::default()
    };
    if token == EVERY {
        return Some(node.elements.get_or_insert_with(|| Box::new(new())));
    }
    let known = node
        .children
        .iter()
        .position(|child| *child.token == *token);
    let index = known.unwrap_or_else(|| {
        node.children.push(new());
        node.children.len() - 1
    });
    node.children.get_mut(index)
}

fn once(pointer: &str, diagnostics: &mut Diagnostics) {
    let expected = "each part once, except that one can be both renamed and set";
    diagnostics.add(FaultCode::InvalidTemplate, pointer, expected);
}

fn within(pointer: &str, diagnostics: &mut Diagnostics) {
    let expected = "no change within a part that is set or removed as a whole";
    diagnostics.add(FaultCode::InvalidTemplate, pointer, expected);
}
