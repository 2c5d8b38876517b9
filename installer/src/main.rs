//! `airgap-install`.

fn main() -> std::process::ExitCode {
    installer::cli::main()
}
