//! From the text of a configuration to the [`crate::plan::Plan`].
