@0xc1a3b5a1a1c0002a;
interface I { m @0 (a :Int32, a :Int32); }
