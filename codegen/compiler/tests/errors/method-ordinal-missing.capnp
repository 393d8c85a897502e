@0xc1a3b5a1a1c00059;
interface I { a (); }
