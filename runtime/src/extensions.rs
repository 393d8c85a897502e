//! [`Extensions`]: what interceptors hand to handlers.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    fmt,
    sync::Arc,
};

/// Values of any type, one of each: what interceptors hand to handlers.
///
/// Cheap to clone; costs nothing while it is empty.
#[derive(Clone, Default)]
pub struct Extensions {
    values: Option<Arc<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>>,
}

impl Extensions {
    /// Adds a value; returns whether one of the same type was there before.
    pub fn insert<T: Send + Sync + 'static>(&mut self, value: T) -> bool {
        let values = self.values.get_or_insert_default();
        Arc::make_mut(values)
            .insert(TypeId::of::<T>(), Arc::new(value))
            .is_some()
    }

    /// The value of this type.
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.values
            .as_ref()?
            .get(&TypeId::of::<T>())?
            .downcast_ref()
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.values.as_ref().map_or(0, |values| values.len());
        f.debug_struct("Extensions").field("len", &count).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Extensions;

    #[test]
    fn a_clone_keeps_what_was_there_when_it_was_made() {
        let mut extensions = Extensions::default();
        assert!(!extensions.insert(1_u32));
        let clone = extensions.clone();
        assert!(extensions.insert(2_u32));
        assert!(!extensions.insert("text"));
        assert_eq!(clone.get::<u32>(), Some(&1));
        assert_eq!(clone.get::<&str>(), None);
        assert_eq!(extensions.get::<u32>(), Some(&2));
        assert_eq!(extensions.get::<&str>(), Some(&"text"));
    }
}
