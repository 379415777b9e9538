//! `isoflop hardware`.

use std::path::Path;

use isoflop_plan::Device;
use isoflop_study::StudyError;

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

/// A device of the list, or one in a file of the user's.
pub(crate) fn device(name: &str) -> Result<Device, Failure> {
    if Path::new(name).extension().is_none_or(|ending| ending != "toml") {
        return Ok(Device::find(name)?);
    }
    let text = std::fs::read_to_string(name)
        .map_err(|error| StudyError::CannotRead { path: name.to_owned(), reason: error.to_string() })?;
    Ok(Device::parse(name, &text)?)
}
