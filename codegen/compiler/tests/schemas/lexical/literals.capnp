# Every spelling of every literal.
@0xb6a3b5a1a1c0f001;

const zero :UInt8 = 0;
const decimal :UInt32 = 4294967295;
const hexLower :UInt32 = 0xdeadbeef;
const hexMixed :UInt64 = 0xFfFfFfFfFfFfFfFf;
const octal :UInt16 = 0177777;
const octalZero :UInt8 = 00;
const maxU64 :UInt64 = 18446744073709551615;
const minI8 :Int8 = -128;
const minI16 :Int16 = -0x8000;
const minI32 :Int32 = -020000000000;
const minI64 :Int64 = -9223372036854775808;
const maxI8 :Int8 = 127;
const maxI16 :Int16 = 32767;
const maxI32 :Int32 = 2147483647;
const maxI64 :Int64 = 9223372036854775807;
const minusZero :Int32 = -0;
const spacedMinus :Int32 = - 7;

const float :Float32 = 1.5;
const floatWhole :Float32 = 3.0;
const floatInt :Float32 = 42;
const floatNegInt :Float64 = -42;
const floatExp :Float64 = 1e100;
const floatExpPlus :Float64 = 1e+10;
const floatExpMinus :Float64 = 123.456e-7;
const floatExpUpper :Float64 = 25E-1;
const floatNeg :Float64 = -0.1;
const floatNegZero :Float64 = -0.0;
const floatIntNegZero :Float64 = -0;
const floatBigInt :Float64 = 18446744073709551615;
const floatMaxI64 :Float64 = 9223372036854775807;
const float32FromU64 :Float32 = 18446744073709551615;
const floatRounding :Float32 = 0.1;
const float32Third :Float32 = 0.333333333333333333333;
const float32Overflow :Float32 = 1e39;
const float32Tiny :Float32 = 1e-46;
const float32Subnormal :Float32 = 1e-40;
const float64Tiny :Float64 = 5e-324;
const float64Big :Float64 = 1.7976931348623157e308;
const floatHex :Float64 = 0x10;
const floatOctal :Float64 = 010;
const infinity :Float64 = inf;
const minusInfinity :Float64 = -inf;
const infinity32 :Float32 = inf;
const minusInfinity32 :Float32 = -inf;
const notANumber :Float64 = nan;
const notANumber32 :Float32 = nan;

const yes :Bool = true;
const no :Bool = false;
const nothing :Void = void;

const emptyText :Text = "";
const plain :Text = "plain";
const escapes :Text = "\a\b\f\n\r\t\v\'\"\\\?";
const hexEscapes :Text = "\x41\x7f\x0a\xc3\xa9";
const octalEscapes :Text = "\101\60\7\0101";
const unicode :Text = "grüße, 世界, 🦀";
const adjacent :Text = "one " "two "
    "three";
const adjacentWithComment :Text = "one "  # said between
    # and between lines
    "two";
const embeddedNul :Text = "a\x00b";
const hashInside :Text = "# no comment; { } ( ) [ ]";

const emptyData :Data = "";
const dataFromText :Data = "text as data\x00";
const dataHex :Data = 0x"0123456789abcdefABCDEF";
const dataHexSpaced :Data = 0x"01 23
  45   67
";
const dataHighBytes :Data = "\xff\xfe\x80";

const emptyList :List(Int32) = [];
const list :List(Int32) = [1, -2, 0x3];
const listTrailing :List(Int32) = [1, 2, 3,];
const listNested :List(List(UInt8)) = [[], [1], [2, 3], [],];
const listOfVoid :List(Void) = [void, void, void];
const listOfBool :List(Bool) = [true, false, true, true, false, true, false, false, true];
const listOfText :List(Text) = ["a", "b" "c", ""];
const listOfData :List(Data) = [0x"00", "x", ""];
const listOfFloat :List(Float32) = [1, -1, 1.5, inf, -inf, 1e3];
const listOfLists :List(List(List(Text))) = [[["x"], []], [], [["y", "z"]]];

const parenthesised :Int32 = (5);
const parenthesisedTwice :Int32 = ((6));
const parenthesisedText :Text = ("in" " parens");

const floatPointEnd :Float64 = 1.;
const floatPointExp :Float64 = 1.e3;
const floatLong :Float64 = 3.14159265358979323846264338327950288;
const floatHalfway :Float64 = 9007199254740993.0;
const floatManyZeros :Float64 = 000123.25;
const float32Double :Float32 = 16777217.0;
const float32Edge :Float32 = 3.4028235677973366e38;
const textCrInside :Text = "a\r\nb";
const rawTab :Text = "a	b";
