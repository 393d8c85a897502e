//! [`find`]: from a name to a client.

use dsoftbus::{ConnectError, DeviceId, Node, ServiceClient, Status};

use crate::{SamgrClient, ServiceInfo};

impl ServiceInfo {
    /// The device that runs the service; `None` when the bytes are not a device ID.
    #[must_use]
    pub fn device_id(&self) -> Option<DeviceId> {
        let bytes: [u8; 32] = self.device.as_slice().try_into().ok()?;
        Some(DeviceId::from_bytes(bytes))
    }
}

/// Finds a service by name and opens it: resolves the name, connects to the device, opens the channel.
///
/// The registry is not believed further than a signpost: the device that it names has to prove its key, and what it
/// serves on the channel has to be the interface that `C` calls.
///
/// # Errors
///
/// [`FindError`]; each variant is one of the steps.
///
/// # Cancel safety
///
/// Dropping the future undoes the step under way.
pub async fn find<C: ServiceClient>(
    node: &Node,
    samgr: &SamgrClient,
    name: &str,
) -> Result<C, FindError> {
    let info = samgr.resolve(name).await.map_err(FindError::Resolve)?;
    let wanted = (C::CHANNEL, C::DESCRIPTOR.interface_id);
    if (info.channel, info.interface_id) != wanted {
        return Err(FindError::OtherInterface {
            channel: info.channel,
            interface_id: info.interface_id,
        });
    }
    let device = info.device_id().ok_or(FindError::BadDevice)?;
    let peer = node.connect(device).await?;
    peer.open().await.map_err(FindError::Open)
}

/// Why [`find`] did not come to a client.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// The registry does not have the name, or cannot be asked.
    #[error("cannot resolve the name: {0}")]
    Resolve(#[source] Status),
    /// The name is that of another interface than the client calls.
    #[error("the name is of interface {interface_id:#018x} on channel {channel:#06x}")]
    OtherInterface {
        /// The channel registered.
        channel: u16,
        /// The interface registered.
        interface_id: u64,
    },
    /// The registry answered with something that is not a device ID.
    #[error("the registry named something that is not a device")]
    BadDevice,
    /// The device cannot be reached, or is not the one registered.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The device does not let us call the service.
    #[error("cannot open the service: {0}")]
    Open(#[source] Status),
}
