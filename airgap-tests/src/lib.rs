//! The test rig: real upstreams, a gap that counts every packet that tries to cross it, real clients, and faults.
//!
//! - [`Machine`]: a place to run commands, with a home and a temporary folder of its own and, where asked for, a network
//!   of its own;
//! - [`Upstream`]: the connected side, a network in which `registry-1.docker.io`, `quay.io` and others are real servers
//!   with real content;
//! - [`Anything`]: an upstream that has whatever some stacks ask for, made up;
//! - [`Misbehaving`]: an HTTP server that fails in the ways that networks fail;
//! - [`Gap`]: a jump host and a client behind a switch that forwards nothing;
//! - [`Node`]: a whole system behind it, booted by systemd, as a server of a distribution has it;
//! - [`Servers`]: several of them, to be entered by SSH, and [`Release`]: what an installer makes a cluster of there;
//! - [`Delivery`]: a bundle built from the upstream, signed and ready to be carried;
//! - [`Site`]: what `airgap-install` makes of it on the jump host;
//! - [`session`]: the console sessions of the documentation, run for real.
//!
//! The rig needs root, and the tools that `airgap-tests/setup` installs. What is missing fails with its name.

mod anything;
mod cluster;
mod containerd;
mod delivery;
mod disk;
pub mod distribution;
mod fixtures;
mod gap;
mod http;
mod kept;
mod kube_vip;
mod machine;
mod misbehaving;
mod network;
mod node;
mod platform;
mod process;
mod programs;
mod random;
mod registry;
mod servers;
pub mod session;
mod shared;
mod site;
mod upstream;

pub use anything::{Anything, image_of};
pub use cluster::{deliver_platform, site_yaml};
pub use containerd::Containerd;
pub use delivery::{Delivery, signer};
pub use disk::SmallDisk;
pub use distribution::{Edition, Release, version};
pub use fixtures::Fixtures;
pub use gap::{Gap, JUMP, JUMP_NAME};
pub use http::Response;
pub use kube_vip::kube_vip;
pub use machine::Machine;
pub use misbehaving::{Fault, Misbehaving, Seen};
pub use network::Network;
pub use node::{ArchiveSource, Node, NodeHost, Profile, archive_sources, codename};
pub use process::{Daemon, Outcome, run, run_long};
pub use programs::{our_program, repository, rig_folder, tool};
pub use random::Random;
pub use registry::{Registry, descriptor};
pub use servers::{OF_CONTAINERS, OPERATOR, Servers};
pub use shared::Shared;
pub use site::Site;
pub use upstream::{ARCHIVE, CHARTS, FILES, HUB, QUAY, Upstream};
