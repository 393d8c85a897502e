//! [`DynamicClient`]: calls of a service whose schema its device sends.

use dsoftbus_proto::frame::Mode;

use super::{Interface, Method, Schema, Value, decode, encode};
use crate::{
    Capability, Code, Outgoing, Peer, Result, Status, call::Method as Target,
    introspection::IntrospectionClient,
};

/// Calls a service without generated code: what its methods are, and what they take and give, its device says.
///
/// ```no_run
/// # async fn example(peer: dsoftbus::Peer) -> Result<(), Box<dyn std::error::Error>> {
/// use dsoftbus::dynamic::DynamicClient;
///
/// let greeter = DynamicClient::open(&peer, "Greeter").await?;
/// let params = greeter.arguments("hello", ["name=bus"])?;
/// println!("{}", greeter.call("hello", &params).await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DynamicClient {
    capability: Capability,
    interface_id: u64,
    schema: Schema,
}

impl DynamicClient {
    /// Opens the service of `peer` whose interface has this name in its schema.
    ///
    /// # Errors
    ///
    /// `not_found` when the peer serves none of this name that we may call, `data_loss` when what it says of it makes no sense,
    /// otherwise as [`Peer::open`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what it opened.
    pub async fn open(peer: &Peer, name: &str) -> Result<Self> {
        let node: IntrospectionClient = peer.open().await?;
        let services = node.services().await?;
        let service = services
            .into_iter()
            .find(|service| service.name == name)
            .ok_or_else(|| Status::not_found(format!("the peer does not serve `{name}`")))?;
        let bytes = node.schema(service.channel).await?;
        let schema = Schema::parse(&bytes)
            .map_err(|error| Status::data_loss(format!("the schema of `{name}`: {error}")))?;
        if schema.interface(service.interface_id).is_none() {
            return Err(Status::data_loss(format!(
                "the schema of `{name}` does not have its interface"
            )));
        }
        let opening = peer.open_service(
            service.channel,
            service.interface_id,
            service.level,
            Mode::Messages,
        );
        Ok(Self {
            capability: opening.await?,
            interface_id: service.interface_id,
            schema,
        })
    }

    /// The schema of the service.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The parameters of a method from arguments like `count=3`: see [`parse_arguments`](super::parse_arguments).
    ///
    /// # Errors
    ///
    /// `unimplemented` when there is no such method, `invalid_argument` when an argument sets none of its parameters.
    pub fn arguments<A: AsRef<str>>(
        &self,
        method: &str,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Value> {
        let (_, method) = self.method(method)?;
        super::parse_arguments(&self.schema, method.params(), arguments)
            .map_err(|error| Status::invalid_argument(error.to_string()))
    }

    /// Calls a method, also one that the interface has from another that it extends.
    ///
    /// # Errors
    ///
    /// `unimplemented` when there is no such method, `invalid_argument` when `params` is not what it takes, `data_loss` when the
    /// results are not what the schema says; otherwise the status that the call failed with.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels the call.
    pub async fn call(&self, method: &str, params: &Value) -> Result<Value> {
        let (interface, method) = self.method(method)?;
        let target = Target {
            interface_id: interface.id(),
            ordinal: method.ordinal(),
            descriptor: None,
        };
        let mut call = Outgoing::call(target.interface_id, target.ordinal, 0);
        encode(&self.schema, method.params(), params, call.content())
            .map_err(|error| Status::invalid_argument(error.to_string()))?;
        let results = self.capability.call_method(target, call).await?;
        let reader = results.reader();
        let decoded = match reader.content() {
            Ok(content) => {
                decode(&self.schema, method.results(), content).map_err(|error| error.to_string())
            }
            Err(error) => Err(error.to_string()),
        };
        decoded.map_err(|error| Status::new(Code::DataLoss, format!("bad results: {error}")))
    }

    fn method(&self, name: &str) -> Result<(&Interface, &Method)> {
        self.schema
            .method(self.interface_id, name)
            .ok_or_else(|| Status::unimplemented(format!("there is no method `{name}`")))
    }
}
