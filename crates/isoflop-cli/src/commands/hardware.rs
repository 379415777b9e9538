//! `isoflop hardware`.

use isoflop_plan::Device;
use isoflop_study::device;

use crate::args::{Format, HardwareArgs};
use crate::errors::Failure;
use crate::output;

/// Lists all devices, or shows one.
pub(crate) fn run(args: &HardwareArgs) -> Result<u8, Failure> {
    match &args.name {
        Some(name) => {
            let device = device(name)?;
            match args.format {
                Format::Text => output::print(&output::hardware::show(&device))?,
                Format::Json => output::print_json(&output::hardware::json(&[device]))?,
            }
        }
        None => {
            let devices = Device::builtin()?;
            match args.format {
                Format::Text => output::print(&output::hardware::list(&devices))?,
                Format::Json => output::print_json(&output::hardware::json(&devices))?,
            }
        }
    }
    Ok(0)
}
