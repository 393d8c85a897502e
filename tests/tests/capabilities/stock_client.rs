//! A stock client at the other end.
