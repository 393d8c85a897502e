@0xc1a3b5a1a1c0005a;
interface I { a @0 (b @0 :Int32); }
