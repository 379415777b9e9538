//! What the bootstrap draws: rows, or clusters of rows, from the whole table or stratum by stratum.
//!
//! A replicate of the table is a set of row weights (how often each row was drawn), so no data are copied.

use crate::data::{Clusters, Data};
use crate::error::FitError;
use crate::streams::{Purpose, Stream};

/// The units of a table.
#[derive(Debug, Clone)]
pub(crate) struct Units {
    /// Unit of every row.
    pub(crate) of_row: Vec<u32>,
    /// Units.
    pub(crate) count: usize,
    /// Units of each stratum; one stratum that holds all of them without strata.
    strata: Vec<Vec<u32>>,
}

impl Units {
    /// Single rows.
    pub(crate) fn rows(data: &Data) -> Units {
        let count = data.rows();
        let all: Vec<u32> = (0..count as u32).collect();
        Units { of_row: all.clone(), count, strata: vec![all] }
    }

    /// The clusters of the table where it has some, else its rows.
    pub(crate) fn natural(data: &Data) -> Units {
        match &data.clusters {
            None => Units::rows(data),
            Some(c) => {
                Units { of_row: c.codes.clone(), count: c.count, strata: vec![(0..c.count as u32).collect()] }
            }
        }
    }

    /// The same units, drawn stratum by stratum.
    ///
    /// # Errors
    /// A cluster with rows in two strata, or strata of one unit each.
    pub(crate) fn within(mut self, strata: &Clusters) -> Result<Units, FitError> {
        let mut home: Vec<Option<u32>> = vec![None; self.count];
        for (row, (&unit, &stratum)) in self.of_row.iter().zip(&strata.codes).enumerate() {
            let known = &mut home[unit as usize];
            if known.is_some_and(|k| k != stratum) {
                return Err(FitError::SplitCluster { column: strata.column.clone(), row: row + 1 });
            }
            *known = Some(stratum);
        }
        let mut members = vec![Vec::new(); strata.count];
        for (unit, stratum) in home.iter().enumerate() {
            if let Some(stratum) = stratum {
                members[*stratum as usize].push(unit as u32);
            }
        }
        members.retain(|m| !m.is_empty());
        if members.iter().all(|m| m.len() < 2) {
            return Err(FitError::SingleStrata { column: strata.column.clone(), strata: members.len() });
        }
        self.strata = members;
        Ok(self)
    }

    /// How many units of the smallest stratum there are.
    pub(crate) fn smallest_stratum(&self) -> usize {
        self.strata.iter().map(Vec::len).min().unwrap_or(0)
    }

    /// How often each unit is drawn in replicate number `replicate` under `seed`.
    pub(crate) fn draw(&self, seed: u64, replicate: u64, drawn: &mut Vec<f64>) {
        let mut stream = Stream::new(seed, Purpose::Bootstrap, replicate);
        drawn.clear();
        drawn.resize(self.count, 0.0);
        for stratum in &self.strata {
            for _ in 0..stratum.len() {
                drawn[stratum[stream.below(stratum.len())] as usize] += 1.0;
            }
        }
    }

    /// Row weights of one replicate: the base weights times the number of times the row (or its cluster) was drawn.
    pub(crate) fn resample(
        &self,
        base: &[f64],
        seed: u64,
        replicate: u64,
        drawn: &mut Vec<f64>,
        weights: &mut Vec<f64>,
    ) {
        self.draw(seed, replicate, drawn);
        self.weigh(base, drawn, weights);
    }

    /// Base weights times `factor` of the unit of each row.
    pub(crate) fn weigh(&self, base: &[f64], factor: &[f64], weights: &mut Vec<f64>) {
        weights.clear();
        weights.resize(base.len(), 0.0);
        for ((w, b), &unit) in weights.iter_mut().zip(base).zip(&self.of_row) {
            *w = b * factor[unit as usize];
        }
    }
}
