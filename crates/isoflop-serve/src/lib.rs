//! The local explorer.
