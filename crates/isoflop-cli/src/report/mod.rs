//! A fit as one HTML page: no other file and no network is needed to read it.

mod forecast;
mod html;
mod page;

pub(crate) use page::{Subject, page};
