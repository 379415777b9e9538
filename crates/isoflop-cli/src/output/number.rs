//! Numbers for people, as all front ends write them.

pub(crate) use isoflop_study::{
    counted, coverage, factor, percent, signed, significant, size, supported_places, to_places,
};
