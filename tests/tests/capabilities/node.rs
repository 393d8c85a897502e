//! What holds between two nodes only.
