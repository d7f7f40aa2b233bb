//! The numbers of kinds and endpoints, from one list of names to another.

use super::store::Names;

/// By which numbers another list has the names of one. What it does not have is `other`, the first.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    /// How many names there were.
    names: usize,
    kinds: Vec<u8>,
    endpoints: Vec<u8>,
}

impl Numbers {
    pub(super) fn new(from: &Names, to: &Names) -> Self {
        Self {
            names: from.len(),
            kinds: numbers(&from.kinds, &to.kinds, u8::MAX),
            endpoints: numbers(&from.endpoints, &to.endpoints, 63),
        }
    }

    /// Whether it has all of these names, to which some may have been added.
    pub(super) fn have(&self, names: &Names) -> bool {
        self.names == names.len()
    }

    pub(super) fn kind(&self, kind: u8) -> u8 {
        self.kinds.get(usize::from(kind)).copied().unwrap_or(0)
    }

    pub(super) fn endpoint(&self, endpoint: u8) -> u8 {
        self.endpoints
            .get(usize::from(endpoint))
            .copied()
            .unwrap_or(0)
    }

    /// The bits of a set of endpoints.
    pub(super) fn endpoints(&self, bits: u64) -> u64 {
        let set = (0..64).filter(|bit| bits >> bit & 1 == 1);
        set.fold(0, |mapped, bit| mapped | 1 << self.endpoint(bit))
    }
}

fn numbers(from: &[String], to: &[String], most: u8) -> Vec<u8> {
    let find = |name: &String| {
        let at = to.iter().position(|known| known == name);
        let number = at.and_then(|at| u8::try_from(at).ok());
        number.filter(|number| *number <= most).unwrap_or(0)
    };
    from.iter().map(find).collect()
}
