import Kernel

#if canImport(Glibc)
import Glibc
#endif

exit(await CommandLineFront.main(CommandLine.arguments))
