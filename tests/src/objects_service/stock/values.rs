//! An interface with a type parameter.

use std::{cell::RefCell, rc::Rc};

use dsoftbus::__private::capnp::{self, text};

use crate::{gauge::Guard, objects_capnp::store, objects_service::Watch};

/// A `Store(Text)` that is watched.
pub(super) struct StockStore {
    values: RefCell<Vec<String>>,
    _alive: Guard,
}

impl StockStore {
    pub(super) fn client(watch: &Watch) -> store::Client<text::Owned> {
        capnp_rpc::new_client(Self {
            values: RefCell::default(),
            _alive: watch.alive.enter(),
        })
    }
}

impl store::Server<text::Owned> for StockStore {
    async fn put(
        self: Rc<Self>,
        params: store::PutParams<text::Owned>,
        _results: store::PutResults<text::Owned>,
    ) -> Result<(), capnp::Error> {
        let value = params.get()?.get_value()?.to_string()?;
        self.values.borrow_mut().push(value);
        Ok(())
    }

    async fn get(
        self: Rc<Self>,
        _params: store::GetParams<text::Owned>,
        mut results: store::GetResults<text::Owned>,
    ) -> Result<(), capnp::Error> {
        match self.values.borrow().last() {
            Some(last) => results.get().set_value(last),
            None => Err(capnp::Error::failed(
                "dsb:not_found: the store is empty".to_owned(),
            )),
        }
    }

    async fn all(
        self: Rc<Self>,
        _params: store::AllParams<text::Owned>,
        mut results: store::AllResults<text::Owned>,
    ) -> Result<(), capnp::Error> {
        let values = self.values.borrow();
        let mut list = results.get().init_values(values.len() as u32);
        for (place, value) in (0..).zip(values.iter()) {
            list.reborrow().get(place).set_value(value)?;
        }
        Ok(())
    }
}
