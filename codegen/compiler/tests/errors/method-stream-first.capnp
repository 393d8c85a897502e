@0xc1a3b5a1a1c00057;
interface I { a @0 stream -> (); }
