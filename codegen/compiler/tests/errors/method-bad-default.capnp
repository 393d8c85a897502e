@0xc1a3b5a1a1c00058;
interface I { a @0 (a :Int32 = null, b :Bool = 5, c :Text = 3); }
