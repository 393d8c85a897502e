//! The embedded schemas.

pub fn main() {
    assert_eq!(crate::api::schemas::samgr::CHANNEL, 0x10);
    assert_eq!(crate::api::schemas::bundle_manager::CHANNEL, 0x11);
    let status = crate::mock::Status::from(crate::api::schemas::bundle_manager::Error::BadHandle);
    assert_eq!(status.code(), crate::mock::Code::FailedPrecondition);
    assert_eq!(status.domain(), Some("badHandle"));
}
