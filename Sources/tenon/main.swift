import Kernel
boot()
