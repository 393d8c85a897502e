@0xc1a3b5a1a1c0005b;
const a :Int8 = 128;
const b :UInt8 = 256;
const c :Int16 = -32769;
const d :UInt32 = -1;
const e :Int64 = 9223372036854775808;
const f :Int64 = -9223372036854775809;
const g :List(UInt8) = [1, 300, -1];
const h :UInt64 = -0x8000000000000000;
