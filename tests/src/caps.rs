//! `caps.capnp` by hand: clients as generated code would have them, over capnpc's code alone. The service is in
//! [`hub`](crate::hub).

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use dsoftbus::{
    __private::capnp::{
        self,
        capability::FromClientHook,
        traits::{HasTypeId, Owned},
    },
    Call, Capability, Client, Incoming, MethodDescriptor, Outgoing, Pipeline, Pipelined, RawCall,
    Result, ServiceClient, ServiceDescriptor,
};

use crate::caps_capnp::{hub, sink, thing};

/// The logical channel of the service.
pub const CHANNEL: u16 = 0x0301;

/// Static facts of `Hub`.
pub static HUB: ServiceDescriptor = ServiceDescriptor {
    name: "Hub",
    channel: Some(CHANNEL),
    interface_id: hub::Client::TYPE_ID,
    level: 1,
    methods: &[
        of_hub("echo", 0),
        of_hub("make", 1),
        of_hub("makeBox", 2),
        of_hub("makeMany", 3),
        of_hub("call", 4),
        of_hub("keep", 5),
        of_hub("kept", 6),
        of_hub("give", 7),
        of_hub("same", 8),
        of_hub("fail", 9),
        of_hub("panic", 10),
        of_hub("hang", 11),
        of_hub("wait", 12),
        of_hub("open", 13),
        of_hub("isNull", 14),
        of_hub("isKept", 15),
        of_hub("deadline", 16),
    ],
    extends: &[],
    schema: &[],
};

/// Static facts of `Thing`.
pub static THING: ServiceDescriptor = ServiceDescriptor {
    name: "Thing",
    channel: None,
    interface_id: thing::Client::TYPE_ID,
    level: 1,
    methods: &[of_thing("say", 0), of_thing("next", 1), of_thing("hang", 2)],
    extends: &[],
    schema: &[],
};

/// Static facts of `Sink`.
pub static SINK: ServiceDescriptor = ServiceDescriptor {
    name: "Sink",
    channel: None,
    interface_id: sink::Client::TYPE_ID,
    level: 1,
    methods: &[
        MethodDescriptor {
            name: "put",
            service: "Sink",
            interface_id: sink::Client::TYPE_ID,
            ordinal: 0,
            streaming: true,
        },
        MethodDescriptor {
            name: "end",
            service: "Sink",
            interface_id: sink::Client::TYPE_ID,
            ordinal: 1,
            streaming: false,
        },
    ],
    extends: &[],
    schema: &[],
};

const fn of_hub(name: &'static str, ordinal: u16) -> MethodDescriptor {
    MethodDescriptor {
        name,
        service: "Hub",
        interface_id: hub::Client::TYPE_ID,
        ordinal,
        streaming: false,
    }
}

const fn of_thing(name: &'static str, ordinal: u16) -> MethodDescriptor {
    MethodDescriptor {
        name,
        service: "Thing",
        interface_id: thing::Client::TYPE_ID,
        ordinal,
        streaming: false,
    }
}

/// Builds parameters or results: `fill` lists each capability and sets what [`put`] makes of it.
pub fn build<T: Owned>(
    mut outgoing: Outgoing,
    fill: impl FnOnce(T::Builder<'_>, &mut Vec<Capability>) -> capnp::Result<()>,
) -> Outgoing {
    let built = outgoing.with_capabilities(|content, listed| fill(content.init_as(), listed));
    built.expect("the messages of these tests are small");
    outgoing
}

/// Lists a capability; `None` for one that refers to nothing, which leaves its field alone.
pub fn put<C: FromClientHook>(listed: &mut Vec<Capability>, capability: &Capability) -> Option<C> {
    if capability.is_null() {
        return None;
    }
    listed.push(capability.clone());
    Some(C::new(Outgoing::hook(listed.len() - 1)))
}

/// The capability that a field of a message names; nothing for a field that was left alone.
pub fn get<C: FromClientHook>(field: capnp::Result<C>, capabilities: &[Capability]) -> Capability {
    field
        .ok()
        .and_then(|client| Incoming::place(client.as_client_hook()))
        .and_then(|place| capabilities.get(place).cloned())
        .unwrap_or_default()
}

/// Reads parameters or results, with the capabilities in them.
pub fn read<T: Owned, R>(
    incoming: &Incoming,
    read: impl FnOnce(T::Reader<'_>, &[Capability]) -> capnp::Result<R>,
) -> Result<R> {
    incoming
        .with_capabilities(|content, capabilities| read(content.get_as()?, capabilities))
        .map_err(|error| dsoftbus::Status::data_loss(error.to_string()))
}

fn request<T: Owned>(
    target: &Capability,
    method: &'static MethodDescriptor,
    fill: impl FnOnce(T::Builder<'_>, &mut Vec<Capability>),
) -> RawCall {
    let call = Outgoing::call(method.interface_id, method.ordinal, 8);
    let params = build::<T>(call, |params, listed| {
        fill(params, listed);
        Ok(())
    });
    target.call(method, params)
}

macro_rules! client {
    ($client:ident, $descriptor:ident) => {
        #[doc = concat!("Calls an object of [`", stringify!($descriptor), "`].")]
        #[derive(Clone, Debug, PartialEq)]
        pub struct $client(Capability);

        impl Client for $client {
            const DESCRIPTOR: &'static ServiceDescriptor = &$descriptor;

            fn from_capability(capability: Capability) -> Self {
                Self(capability)
            }

            fn capability(&self) -> &Capability {
                &self.0
            }
        }

        impl Pipelined for $client {
            type Pipeline = Self;
        }

        /// The object is what the value itself leads to.
        impl From<Pipeline> for $client {
            fn from(pipeline: Pipeline) -> Self {
                Self(pipeline.capability())
            }
        }
    };
}

client!(HubClient, HUB);
client!(ThingClient, THING);
client!(SinkClient, SINK);

impl ServiceClient for HubClient {
    const CHANNEL: u16 = CHANNEL;
}

/// The `Box` of the schema.
#[derive(Debug)]
pub struct ThingBox {
    /// A name.
    pub name: String,
    /// An object.
    pub thing: ThingClient,
}

/// A box in results that are not there yet.
#[derive(Debug)]
pub struct BoxPipeline(Pipeline);

impl Pipelined for ThingBox {
    type Pipeline = BoxPipeline;
}

impl From<Pipeline> for BoxPipeline {
    fn from(pipeline: Pipeline) -> Self {
        Self(pipeline)
    }
}

impl BoxPipeline {
    /// The object in the box.
    #[must_use]
    pub fn thing(&self) -> ThingClient {
        ThingClient(self.0.field(1).capability())
    }
}

fn text(text: capnp::Result<capnp::text::Reader<'_>>) -> capnp::Result<String> {
    Ok(text?.to_string()?)
}

/// A method that takes one text and gives one.
macro_rules! text_to_text {
    ($params:ty, $results:ty, $target:expr, $method:expr, $text:expr) => {
        Call::new(
            request::<$params>($target, $method, |mut params, _| params.set_text($text)),
            |results| read::<$results, _>(results, |results, _| text(results.get_text())),
            &[],
        )
    };
}

/// A method that takes no parameters and gives nothing.
macro_rules! nothing {
    ($params:ty, $target:expr, $method:expr) => {
        Call::new(
            request::<$params>($target, $method, |_, _| {}),
            |_| Ok(()),
            &[],
        )
    };
}

/// Reads the one object of some results.
macro_rules! the_thing {
    ($results:ty) => {
        |results| {
            read::<$results, _>(results, |results, capabilities| {
                Ok(ThingClient(get(results.get_thing(), capabilities)))
            })
        }
    };
}

#[allow(missing_docs, reason = "as in the schema")]
impl HubClient {
    pub fn echo(&self, text_: &str) -> Call<String> {
        text_to_text!(
            hub::echo_params::Owned,
            hub::echo_results::Owned,
            &self.0,
            &HUB.methods[0],
            text_
        )
    }

    pub fn make(&self, name: &str) -> Call<ThingClient> {
        let call = request::<hub::make_params::Owned>(&self.0, &HUB.methods[1], |mut params, _| {
            params.set_name(name);
        });
        Call::new(call, the_thing!(hub::make_results::Owned), &[0])
    }

    pub fn make_box(&self, name: &str) -> Call<ThingBox> {
        let call =
            request::<hub::make_box_params::Owned>(&self.0, &HUB.methods[2], |mut params, _| {
                params.set_name(name);
            });
        let decode = |results: &Incoming| {
            read::<hub::make_box_results::Owned, _>(results, |results, capabilities| {
                let in_it = results.get_box()?;
                Ok(ThingBox {
                    name: text(in_it.get_name())?,
                    thing: ThingClient(get(in_it.get_thing(), capabilities)),
                })
            })
        };
        Call::new(call, decode, &[0])
    }

    pub fn make_many(&self, count: u32) -> Call<Vec<ThingClient>> {
        let call =
            request::<hub::make_many_params::Owned>(&self.0, &HUB.methods[3], |mut params, _| {
                params.set_count(count);
            });
        let decode = |results: &Incoming| {
            read::<hub::make_many_results::Owned, _>(results, |results, capabilities| {
                let things = results.get_things()?;
                let things = (0..things.len()).map(|index| things.get(index));
                Ok(things
                    .map(|thing| ThingClient(get(thing, capabilities)))
                    .collect())
            })
        };
        Call::new(call, decode, &[])
    }

    pub fn call(&self, thing: &Capability, text_: &str) -> Call<String> {
        let call =
            request::<hub::call_params::Owned>(&self.0, &HUB.methods[4], |mut params, listed| {
                if let Some(thing) = put(listed, thing) {
                    params.set_thing(thing);
                }
                params.set_text(text_);
            });
        let decode = |results: &Incoming| {
            read::<hub::call_results::Owned, _>(results, |results, _| text(results.get_text()))
        };
        Call::new(call, decode, &[])
    }

    pub fn keep(&self, thing: &Capability) -> Call<()> {
        let call =
            request::<hub::keep_params::Owned>(&self.0, &HUB.methods[5], |mut params, listed| {
                if let Some(thing) = put(listed, thing) {
                    params.set_thing(thing);
                }
            });
        Call::new(call, |_| Ok(()), &[])
    }

    pub fn kept(&self) -> Call<ThingClient> {
        let call = request::<hub::kept_params::Owned>(&self.0, &HUB.methods[6], |_, _| {});
        Call::new(call, the_thing!(hub::kept_results::Owned), &[0])
    }

    pub fn give(&self) -> Call<()> {
        nothing!(hub::give_params::Owned, &self.0, &HUB.methods[7])
    }

    pub fn same(&self, thing: &Capability) -> Call<ThingClient> {
        let call =
            request::<hub::same_params::Owned>(&self.0, &HUB.methods[8], |mut params, listed| {
                if let Some(thing) = put(listed, thing) {
                    params.set_thing(thing);
                }
            });
        Call::new(call, the_thing!(hub::same_results::Owned), &[0])
    }

    pub fn fail(&self, reason: &str) -> Call<()> {
        let call = request::<hub::fail_params::Owned>(&self.0, &HUB.methods[9], |mut params, _| {
            params.set_reason(reason);
        });
        Call::new(call, |_| Ok(()), &[])
    }

    pub fn panic(&self) -> Call<()> {
        nothing!(hub::panic_params::Owned, &self.0, &HUB.methods[10])
    }

    pub fn hang(&self) -> Call<()> {
        nothing!(hub::hang_params::Owned, &self.0, &HUB.methods[11])
    }

    pub fn wait(&self, millis: u32) -> Call<ThingClient> {
        let call =
            request::<hub::wait_params::Owned>(&self.0, &HUB.methods[12], |mut params, _| {
                params.set_millis(millis);
            });
        Call::new(call, the_thing!(hub::wait_results::Owned), &[0])
    }

    pub fn open(&self, millis: u32) -> Call<SinkClient> {
        let call =
            request::<hub::open_params::Owned>(&self.0, &HUB.methods[13], |mut params, _| {
                params.set_millis(millis);
            });
        let decode = |results: &Incoming| {
            read::<hub::open_results::Owned, _>(results, |results, capabilities| {
                Ok(SinkClient(get(results.get_sink(), capabilities)))
            })
        };
        Call::new(call, decode, &[0])
    }

    pub fn is_null(&self, thing: &Capability) -> Call<bool> {
        let call = request::<hub::is_null_params::Owned>(
            &self.0,
            &HUB.methods[14],
            |mut params, listed| {
                if let Some(thing) = put(listed, thing) {
                    params.set_thing(thing);
                }
            },
        );
        let decode = |results: &Incoming| {
            read::<hub::is_null_results::Owned, _>(results, |results, _| Ok(results.get_null()))
        };
        Call::new(call, decode, &[])
    }

    pub fn is_kept(&self, thing: &Capability) -> Call<bool> {
        let call = request::<hub::is_kept_params::Owned>(
            &self.0,
            &HUB.methods[15],
            |mut params, listed| {
                if let Some(thing) = put(listed, thing) {
                    params.set_thing(thing);
                }
            },
        );
        let decode = |results: &Incoming| {
            read::<hub::is_kept_results::Owned, _>(results, |results, _| Ok(results.get_same()))
        };
        Call::new(call, decode, &[])
    }

    pub fn deadline(&self) -> Call<u32> {
        let call = request::<hub::deadline_params::Owned>(&self.0, &HUB.methods[16], |_, _| {});
        let decode = |results: &Incoming| {
            read::<hub::deadline_results::Owned, _>(results, |results, _| Ok(results.get_millis()))
        };
        Call::new(call, decode, &[])
    }
}

#[allow(missing_docs, reason = "as in the schema")]
impl ThingClient {
    pub fn say(&self, text_: &str) -> Call<String> {
        text_to_text!(
            thing::say_params::Owned,
            thing::say_results::Owned,
            &self.0,
            &THING.methods[0],
            text_
        )
    }

    pub fn next(&self) -> Call<u32> {
        let call = request::<thing::next_params::Owned>(&self.0, &THING.methods[1], |_, _| {});
        let decode = |results: &Incoming| {
            read::<thing::next_results::Owned, _>(results, |results, _| Ok(results.get_number()))
        };
        Call::new(call, decode, &[])
    }

    pub fn hang(&self) -> Call<()> {
        nothing!(thing::hang_params::Owned, &self.0, &THING.methods[2])
    }
}

#[allow(missing_docs, reason = "as in the schema")]
impl SinkClient {
    pub fn put(&self, data: &[u8]) -> Call<()> {
        let call =
            request::<sink::put_params::Owned>(&self.0, &SINK.methods[0], |mut params, _| {
                params.set_data(data);
            });
        Call::new(call, |_| Ok(()), &[])
    }

    pub fn end(&self) -> Call<u32> {
        let call = request::<sink::end_params::Owned>(&self.0, &SINK.methods[1], |_, _| {});
        let decode = |results: &Incoming| {
            read::<sink::end_results::Owned, _>(results, |results, _| Ok(results.get_count()))
        };
        Call::new(call, decode, &[])
    }
}
