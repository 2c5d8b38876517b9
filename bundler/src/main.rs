//! The command `airgap-bundle`.

fn main() -> std::process::ExitCode {
    bundler::cli::main()
}
