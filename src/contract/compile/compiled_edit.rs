//! A compiled edit: a tree of the parts of a body that change.

use super::compiled_template::{
    PlaceholderValues, RenderError, TemplatePart, have_value, with_item, write_all,
};
use crate::json::{Child, Children, FieldScanner, root, text_of};

/// A compiled [`BodyEdit`](crate::contract::BodyEdit).
#[derive(Debug)]
pub(crate) struct CompiledEdit {
    pub(super) root: EditNode,
}

/// What changes in a value, and in what it contains.
#[derive(Debug, Default)]
pub(super) struct EditNode {
    /// Members by their names, or elements by their indexes.
    pub(super) children: Vec<EditChild>,
    /// Every element of an array.
    pub(super) elements: Option<Box<EditChild>>,
    /// What new values read of this value, where it is an element.
    pub(super) item: FieldScanner,
}

#[derive(Debug, Default)]
pub(super) struct EditChild {
    /// The member's name, or the index of the element.
    pub(super) token: Box<str>,
    /// The member's new name.
    pub(super) rename: Option<Box<str>>,
    pub(super) change: Option<Change>,
    pub(super) node: EditNode,
}

#[derive(Debug)]
pub(super) enum Change {
    Remove,
    Set {
        parts: Vec<TemplatePart>,
        /// Whether the member is omitted where the value is absent.
        is_optional: bool,
    },
}

/// One edit of one body.
struct Editing<'v> {
    text: &'v str,
    to: Vec<u8>,
}

impl CompiledEdit {
    /// The most parts that one edit may change: one bit each.
    pub(super) const MAX_CHANGES: usize = 64;

    /// The body with its changes. The whole body is valid JSON.
    pub(crate) fn apply(
        &self,
        body: &[u8],
        values: &PlaceholderValues<'_>,
    ) -> Result<Vec<u8>, RenderError> {
        let text = str::from_utf8(body).map_err(|_| RenderError::Malformed)?;
        let mut editing = Editing {
            text,
            to: Vec::with_capacity(text.len()),
        };
        let root = root(text);
        editing.copy(0, root.start);
        editing.value(&self.root, (root.start, root.end), values)?;
        editing.copy(root.end, text.len());
        Ok(editing.to)
    }
}

impl Editing<'_> {
    fn copy(&mut self, start: usize, end: usize) {
        self.to.extend_from_slice(&self.text.as_bytes()[start..end]);
    }

    fn value(
        &mut self,
        node: &EditNode,
        (start, end): (usize, usize),
        values: &PlaceholderValues<'_>,
    ) -> Result<(), RenderError> {
        match self.text.as_bytes().get(start) {
            Some(b'{') if !node.children.is_empty() => self.object(node, start, values),
            Some(b'[') if node.elements.is_some() || !node.children.is_empty() => {
                self.array(node, start, values)
            }
            _ => {
                self.copy(start, end);
                Ok(())
            }
        }
    }

    fn object(
        &mut self,
        node: &EditNode,
        start: usize,
        values: &PlaceholderValues<'_>,
    ) -> Result<(), RenderError> {
        let mut object = ObjectEdit::default();
        let mut children = Children::of(self.text, start);
        self.to.push(b'{');
        let opened = self.to.len();
        for member in children.by_ref() {
            let edit = object.find(node, &self.text[member.name.clone()])?;
            self.child(edit, &member, opened, values)?;
        }
        object.check()?;
        for (index, edit) in node.children.iter().enumerate() {
            if object.met & 1 << index == 0 {
                self.add(edit, opened, values)?;
            }
        }
        self.close(children.position(), b'}');
        Ok(())
    }

    fn array(
        &mut self,
        node: &EditNode,
        start: usize,
        values: &PlaceholderValues<'_>,
    ) -> Result<(), RenderError> {
        let text = self.text;
        let mut children = Children::of(text, start);
        self.to.push(b'[');
        let opened = self.to.len();
        for (index, element) in children.by_ref().enumerate() {
            if let Some(each) = &node.elements {
                let json = &text[element.value.clone()];
                with_item(&each.node.item, json, values, |values| {
                    self.child(Some(each), &element, opened, values)
                })?;
            } else {
                let index = index.to_string();
                let mut edits = node.children.iter();
                let edit = edits.find(|edit| *edit.token == *index);
                self.child(edit, &element, opened, values)?;
            }
        }
        self.close(children.position(), b']');
        Ok(())
    }

    /// A member or element that is there.
    fn child(
        &mut self,
        edit: Option<&EditChild>,
        child: &Child,
        opened: usize,
        values: &PlaceholderValues<'_>,
    ) -> Result<(), RenderError> {
        let change = edit.and_then(|edit| edit.change.as_ref());
        if is_omitted(change, values)? {
            return Ok(());
        }
        self.separate(opened);
        self.copy(child.start, child.name.start);
        match edit.and_then(|edit| edit.rename.as_deref()) {
            Some(name) if !child.name.is_empty() => self.name(name),
            _ => self.copy(child.name.start, child.name.end),
        }
        self.copy(child.name.end, child.value.start);
        let place = (child.value.start, child.value.end);
        match (change, edit) {
            (Some(Change::Set { parts, .. }), _) => write_all(parts, values, &mut self.to)?,
            (_, Some(edit)) => self.value(&edit.node, place, values)?,
            (_, None) => self.copy(place.0, place.1),
        }
        self.space_before_comma(child.value.end);
        Ok(())
    }

    /// A member that the object lacks.
    fn add(
        &mut self,
        edit: &EditChild,
        opened: usize,
        values: &PlaceholderValues<'_>,
    ) -> Result<(), RenderError> {
        let Some(change @ Change::Set { parts, .. }) = &edit.change else {
            return Ok(());
        };
        if !is_omitted(Some(change), values)? {
            self.separate(opened);
            self.name(edit.rename.as_deref().unwrap_or(&edit.token));
            self.to.push(b':');
            write_all(parts, values, &mut self.to)?;
        }
        Ok(())
    }

    fn name(&mut self, name: &str) {
        serde_json::to_writer(&mut self.to, name).expect("writing to memory does not fail");
    }

    /// A comma, unless this is the first child.
    fn separate(&mut self, opened: usize) {
        if self.to.len() > opened {
            self.to.push(b',');
        }
    }

    /// What is before a closing bracket stays with that, even if the last child is removed.
    fn space_before_comma(&mut self, from: usize) {
        let rest = &self.text.as_bytes()[from..];
        let space = rest.len() - rest.trim_ascii_start().len();
        if rest.get(space) == Some(&b',') {
            self.copy(from, from + space);
        }
    }

    /// The closing bracket with the white space before it.
    fn close(&mut self, from: usize, bracket: u8) {
        let rest = &self.text.as_bytes()[from..];
        let end = rest.iter().position(|byte| *byte == bracket);
        self.copy(from, from + end.map_or(rest.len(), |end| end + 1));
    }
}

/// Whether the change leaves no value.
fn is_omitted(
    change: Option<&Change>,
    values: &PlaceholderValues<'_>,
) -> Result<bool, RenderError> {
    match change {
        Some(Change::Remove) => Ok(true),
        Some(Change::Set {
            parts,
            is_optional: true,
        }) => Ok(!have_value(parts, values)?),
        _ => Ok(false),
    }
}

/// The members of an object that were met, by the edits of them.
#[derive(Default)]
struct ObjectEdit {
    met: u64,
    /// Whose new name another member has that keeps its own.
    conflicts: u64,
}

impl ObjectEdit {
    fn find<'e>(
        &mut self,
        node: &'e EditNode,
        quoted: &str,
    ) -> Result<Option<&'e EditChild>, RenderError> {
        let name = text_of(quoted).ok_or(RenderError::Malformed)?;
        let mut edits = node.children.iter();
        let found = edits.position(|edit| *edit.token == *name);
        if let Some(index) = found {
            if self.met & 1 << index != 0 {
                return Err(RenderError::Malformed);
            }
            self.met |= 1 << index;
        }
        let edit = found.map(|index| &node.children[index]);
        let keeps_name = edit.is_none_or(|edit| {
            edit.rename.is_none() && !matches!(edit.change, Some(Change::Remove))
        });
        if keeps_name {
            for (index, other) in node.children.iter().enumerate() {
                if other.rename.as_deref() == Some(&*name) {
                    self.conflicts |= 1 << index;
                }
            }
        }
        Ok(edit)
    }

    /// A renamed member must not have the name of another.
    fn check(&self) -> Result<(), RenderError> {
        if self.met & self.conflicts == 0 {
            Ok(())
        } else {
            Err(RenderError::NoLegacyBody)
        }
    }
}
