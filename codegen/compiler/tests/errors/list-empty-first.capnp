@0xc1a3b5a1a1c00021;
const a :List(Int32) = [,];
