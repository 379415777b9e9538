//! Devices as text and JSON.

use isoflop_plan::{Device, Fact};
use serde_json::{Value, json};

use crate::output::number::significant;
use crate::output::object;
use crate::output::style::{self, paint};
use crate::output::table::{Align, Cell, Table, styled};
use crate::output::{SCHEMA_VERSION, number};

/// One line per device.
pub(crate) fn list(devices: &[Device]) -> String {
    let mut table = Table::new([Align::Left, Align::Left]);
    let head = ["", "", "TFLOP/s bf16", "fp8", "memory GB", "GB/s"];
    table.row(head.map(|text| styled(style::DIM, text)));
    for device in devices {
        let peak = |precision: &str| cell(device.peak.get(precision), 1e12);
        let memory = [cell(device.memory.as_ref(), 1e9), cell(device.bandwidth.as_ref(), 1e9)];
        let name = [styled(style::BOLD, &device.id), device.name.as_str().into()];
        table.row(name.into_iter().chain([peak("bf16"), peak("fp8")]).chain(memory));
    }
    table.render(0) + "\nPeaks are dense. `isoflop hardware NAME` shows the source of each number.\n"
}

fn cell(fact: Option<&Fact>, unit: f64) -> Cell {
    fact.map_or_else(String::new, |fact| format!("{:.0}", fact.value / unit)).into()
}

/// All numbers of one device with their sources.
pub(crate) fn show(device: &Device) -> String {
    let mut table = Table::new([Align::Left, Align::Right, Align::Left, Align::Left]);
    for (name, fact) in device.facts() {
        let unit = match name.as_str() {
            "memory" => "B",
            "bandwidth" => "B/s",
            "power" => "W",
            _ => "FLOP/s",
        };
        let source = format!("{} ({}, {})", fact.source, fact.grade, fact.as_of);
        table.row([name.into(), significant(fact.value, 4).into(), unit.into(), styled(style::DIM, source)]);
    }
    format!("{}  {}\n{}", paint(style::BOLD, &device.id), device.name, table.render(2))
}

/// Devices for programs.
pub(crate) fn json(devices: &[Device]) -> Value {
    let fact = |fact: &Fact| {
        json!({
            "value": number(fact.value), "source": fact.source, "grade": fact.grade, "as_of": fact.as_of,
        })
    };
    let device = |device: &Device| {
        json!({
            "id": device.id,
            "name": device.name,
            "aliases": device.aliases,
            "peak": object(device.peak.iter().map(|(precision, peak)| (precision, fact(peak)))),
            "memory": device.memory.as_ref().map(fact),
            "bandwidth": device.bandwidth.as_ref().map(fact),
            "power": device.power.as_ref().map(fact),
        })
    };
    json!({ "schema_version": SCHEMA_VERSION, "devices": devices.iter().map(device).collect::<Vec<_>>() })
}
