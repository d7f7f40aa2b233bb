//! Values by index, of which the first few need no allocation.

/// Values that are the default until they are set.
#[derive(Debug)]
pub(super) struct Few<T, const N: usize> {
    first: [T; N],
    more: Vec<T>,
}

impl<T: Copy + Default, const N: usize> Few<T, N> {
    #[inline]
    pub(super) fn new() -> Self {
        Self {
            first: [T::default(); N],
            more: Vec::new(),
        }
    }

    #[inline]
    pub(super) fn get(&self, index: usize) -> T {
        match self.first.get(index) {
            Some(value) => *value,
            None => self.more.get(index - N).copied().unwrap_or_default(),
        }
    }

    #[inline]
    pub(super) fn set(&mut self, index: usize, value: T) {
        match self.first.get_mut(index) {
            Some(place) => *place = value,
            None => self.set_more(index - N, value),
        }
    }

    #[cold]
    fn set_more(&mut self, index: usize, value: T) {
        if self.more.len() <= index {
            self.more.resize(index + 1, T::default());
        }
        self.more[index] = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_kept_at_any_index() {
        let mut few = Few::<u8, 2>::new();
        for index in [5, 0, 3, 1] {
            few.set(index, 10);
            few.set(index, u8::try_from(index).unwrap() + 1);
        }
        let values: Vec<u8> = (0..8).map(|index| few.get(index)).collect();
        assert_eq!(values, [1, 2, 0, 4, 0, 6, 0, 0]);
    }
}
