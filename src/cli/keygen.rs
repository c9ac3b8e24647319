//! `locospec keygen`: RSA keys of one's own for `serve --keys`.

use std::path::PathBuf;

use super::files::{self, RSA, RSA_2012, RSA_2012_PRIVATE, RSA_PRIVATE};
use super::{Exit, Failure, Outcome, print};
use crate::net::clock::system_entropy;
use crate::proto::secure::{KeyRing, PrivateKey};

/// Arguments.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the four PEM files go
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Replace keys that are there
    #[arg(long)]
    force: bool,
}

/// Makes both key pairs: 2048 bits for the modern eras, 1024 for 2012, both with e = 3 as the protocol has it.
///
/// # Errors
/// Keys that are there already, or a folder that cannot be written.
pub fn run(args: &Args) -> Outcome {
    files::make_dir(&args.dir)?;
    for name in [RSA_PRIVATE, RSA_2012_PRIVATE, RSA, RSA_2012] {
        let path = args.dir.join(name);
        if path.exists() && !args.force {
            return Err(Failure::usage(format!("{} is there already; --force replaces it", path.display())));
        }
    }
    let mut entropy = system_entropy().map_err(Failure::incomplete)?;
    let make = |bits, entropy: &mut _| PrivateKey::generate(bits, entropy).map_err(Failure::incomplete);
    let (modern, old) = (make(2048, &mut entropy)?, make(1024, &mut entropy)?);
    let ring = KeyRing::new(modern, old).map_err(Failure::incomplete)?;
    for (private, public, key) in [(RSA_PRIVATE, RSA, &ring.modern), (RSA_2012_PRIVATE, RSA_2012, &ring.old)] {
        let (private, public) = (args.dir.join(private), args.dir.join(public));
        files::write(&private, &key.to_pem().map_err(Failure::incomplete)?)?;
        files::write(&public, &key.public().to_pem().map_err(Failure::incomplete)?)?;
        print(format_args!("{}\n{}\n", private.display(), public.display()))?;
    }
    Ok(Exit::Ok)
}
