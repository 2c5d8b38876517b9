//! Machines over SSH: OpenSSH's own server on loopback, its own keys, its own agent.

mod command;
mod faults;
mod files;
mod host_keys;
mod login;
mod server;
