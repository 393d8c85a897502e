@0xc1a3b5a1a1c00064;
const a :Int32 = .b;
const b :Int32 = .c;
const c :Int32 = .a;
