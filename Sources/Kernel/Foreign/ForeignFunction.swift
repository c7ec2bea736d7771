import CFFI
import Glibc
import PluginAPI

/// A C function of a plugin, ready to be called with values.
///
/// What it is given is right by construction; what it gives back is not trusted: a text is read only so far, must be UTF-8, and
/// must be there where one is promised.
final class ForeignFunction: Sendable {
    let plugin: String
    let signature: ForeignSignature
    private let longestText: Int
    // NB: addresses of code and of a description that is written once here and never freed, as the library is never unloaded;
    // whether the function itself may run on several threads is part of the convention that the plugin keeps.
    private nonisolated(unsafe) let address: UnsafeMutableRawPointer
    private nonisolated(unsafe) let words: OpaquePointer
    private let takesBack: (@convention(c) (UnsafeMutableRawPointer) -> Void)?

    /// How much a function may write about its problem, with the zero at the end.
    static let problemRoom = 1024

    /// Prepares a function of a library; `frees` is the function that takes texts back.
    init(
        _ signature: ForeignSignature, of plugin: String, at address: UnsafeMutableRawPointer, frees: UnsafeMutableRawPointer? = nil,
        longestText: Int = ForeignInterface.usualText
    ) throws {
        self.plugin = plugin
        self.signature = signature
        self.longestText = longestText
        self.address = address
        // NB: what dlsym found under the name that the manifest gives for exactly this signature.
        takesBack = frees.map { unsafeBitCast($0, to: (@convention(c) (UnsafeMutableRawPointer) -> Void).self) }
        var kinds: [UInt8] = signature.parameters.map(\.word)
        if signature.mayFail { kinds += [UInt8(TENON_FFI_POINTER), UInt8(TENON_FFI_INT64)] }
        let result: UInt8 = signature.result?.word ?? UInt8(TENON_FFI_NOTHING)
        guard let words = tenon_ffi_prepare(kinds, UInt32(kinds.count), result) else {
            throw CRMError(.refused, "the function \(signature.symbol) of the plugin \(plugin) cannot be called with these types")
        }
        self.words = words
    }

    /// Calls the function. Without a value for a parameter that needs one it is called with an empty text, zero or false.
    func call(_ arguments: [Value]) throws -> Value {
        guard arguments.count == signature.parameters.count else {
            throw breach("is called with \(arguments.count) values instead of \(signature.parameters.count)")
        }
        let texts: Int = try roomForTexts(arguments)
        let room: Int = texts + (signature.mayFail ? Self.problemRoom : 0)
        let count: Int = arguments.count
        // A word for each argument, two for the problem, and one for each value that is passed by its address.
        return try withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2 * count + 2) { slots in
            try withUnsafeTemporaryAllocation(byteCount: max(room, 1), alignment: 8) { bytes in
                var free: Int = 0
                for (place, value) in arguments.enumerated() {
                    slots[place] = try word(value, signature.parameters[place], place, slots, count + 2 + place, bytes, &free)
                }
                guard signature.mayFail, let base = bytes.baseAddress else {
                    return try self.value(of: tenon_ffi_call(words, address, slots.baseAddress))
                }
                let problem: UnsafeMutablePointer<CChar> = (base + texts).assumingMemoryBound(to: CChar.self)
                problem[0] = 0
                slots[count] = UInt64(UInt(bitPattern: problem))
                slots[count + 1] = UInt64(Self.problemRoom)
                let result: UInt64 = tenon_ffi_call(words, address, slots.baseAddress)
                problem[Self.problemRoom - 1] = 0
                if problem[0] != 0 {
                    giveBack(result)
                    throw reported(problem)
                }
                return try self.value(of: result)
            }
        }
    }
}

// MARK: On the way in

extension ForeignFunction {
    /// How many bytes the texts take with the zero at the end of each.
    private func roomForTexts(_ arguments: [Value]) throws -> Int {
        var room = 0
        for (place, value) in arguments.enumerated() where signature.parameters[place].kind == .text {
            guard case .text(let text) = value else {
                room += 1
                continue
            }
            let count: Int = text.utf8.count
            guard count <= longestText else {
                throw breach("takes texts of \(longestText) bytes at most, and parameter \(place + 1) has \(count)", isPlugins: false)
            }
            room += count + 1
        }
        return room
    }

    /// The word that carries an argument: the value itself, or the address of where it was put.
    private func word(
        _ value: Value, _ type: ForeignType, _ place: Int, _ slots: UnsafeMutableBufferPointer<UInt64>, _ spare: Int,
        _ bytes: UnsafeMutableRawBufferPointer, _ free: inout Int
    ) throws -> UInt64 {
        if case .null = value, type.isPointer, type.isOptional { return 0 }
        if type.kind == .text { return try address(ofText: value, place, bytes, &free) }
        let plain: UInt64 = try word(value, type.kind, place)
        guard type.isPointer, let base = slots.baseAddress else { return plain }
        slots[spare] = plain
        return UInt64(UInt(bitPattern: base + spare))
    }

    private func address(
        ofText value: Value, _ place: Int, _ bytes: UnsafeMutableRawBufferPointer, _ free: inout Int
    ) throws -> UInt64 {
        let start: Int = free
        switch value {
        case .null: break
        case .text(var text):
            let holdsZero: Bool = text.withUTF8 { utf8 in
                guard let source = utf8.baseAddress, !utf8.isEmpty else { return false }
                bytes.baseAddress?.advanced(by: start).copyMemory(from: source, byteCount: utf8.count)
                free += utf8.count
                return memchr(source, 0, utf8.count) != nil
            }
            if holdsZero { throw breach("cannot take a text with a zero byte in it as parameter \(place + 1)", isPlugins: false) }
        default: throw mismatch(place)
        }
        bytes[free] = 0
        free += 1
        return UInt64(UInt(bitPattern: bytes.baseAddress) + UInt(start))
    }

    private func word(_ value: Value, _ kind: ForeignType.Kind, _ place: Int) throws -> UInt64 {
        switch (kind, value) {
        case (_, .null): return 0
        case (.integer, .integer(let number)), (.id, .integer(let number)): return UInt64(bitPattern: number)
        case (.integer, .decimal(let number)): return try units(number, 0, place)
        case (.boolean, .boolean(let flag)): return flag ? 1 : 0
        case (.date, .day(let day)): return UInt64(bitPattern: Int64(day.number))
        case (.moment, .moment(let moment)): return UInt64(bitPattern: moment.milliseconds)
        case (.number(let scale), .decimal(let number)): return try units(number, scale, place)
        case (.number(let scale), .integer(let number)): return try units(FixedDecimal(units: number, scale: 0), scale, place)
        case (.money(let scale), .money(let amount)):
            return try units(FixedDecimal(units: amount.minor, scale: amount.currency.minorDigits), scale, place)
        default: throw mismatch(place)
        }
    }

    private func units(_ number: FixedDecimal, _ scale: Int, _ place: Int) throws -> UInt64 {
        guard let units = number.rounded(to: scale) else {
            throw breach("cannot take \(number) as parameter \(place + 1): it has too many digits for \(signature.parameters[place])", isPlugins: false)
        }
        return UInt64(bitPattern: units)
    }

    private func mismatch(_ place: Int) -> CRMError {
        breach("is given another type than \(signature.parameters[place]) as parameter \(place + 1)", isPlugins: false)
    }
}

// MARK: On the way out

extension ForeignFunction {
    private func value(of word: UInt64) throws -> Value {
        guard let type = signature.result else { return .null }
        guard type.isPointer else { return try plainValue(word, type) }
        if word == 0 {
            if type.isOptional { return .null }
            throw breach("returned NULL where its manifest promises a text")
        }
        if type.kind == .text { return .text(try text(at: word)) }
        var wide: UInt64 = 0
        guard tenon_ffi_read(word, &wide, type.kind == .boolean ? 1 : 8) != 0 else { throw notThere(word, type) }
        return try plainValue(wide, type)
    }

    private func plainValue(_ word: UInt64, _ type: ForeignType) throws -> Value {
        let number = Int64(bitPattern: word)
        switch type.kind {
        // Never asked for: a text is no word, and an amount cannot be returned.
        case .text, .money: return .null
        case .integer: return .integer(number)
        case .boolean: return .boolean(word != 0)
        case .number(let scale): return .decimal(FixedDecimal(units: number, scale: scale))
        case .moment: return .moment(Moment(milliseconds: number))
        case .id:
            if number > 0 { return .integer(number) }
            if number == 0, type.isOptional { return .null }
            throw breach("returned \(number), which is the id of no record")
        case .date:
            guard let day = Int32(exactly: number), (1...9999).contains(Day(number: day).parts.year) else {
                throw breach("returned \(number), which is no day from the year 1 to 9999")
            }
            return .day(Day(number: day))
        }
    }

    private func text(at address: UInt64) throws -> String {
        let text: String? = try withUnsafeTemporaryAllocation(byteCount: longestText + 1, alignment: 8) { bytes in
            let count: Int64 = tenon_ffi_read_text(
                address, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), UInt64(bytes.count))
            guard count >= 0 else { throw notThere(address, ForeignType(.text)) }
            giveBack(address)
            guard count <= longestText else { throw breach("returned a text of more than \(longestText) bytes") }
            return String(validating: UnsafeRawBufferPointer(rebasing: bytes[..<Int(count)]), as: UTF8.self)
        }
        guard let text else { throw breach("returned a text that is not UTF-8") }
        return text
    }

    /// The usual sign of a signature that is not the function's.
    private func notThere(_ address: UInt64, _ type: ForeignType) -> CRMError {
        breach("returned 0x\(String(address, radix: 16)) as \(type), and there is no memory")
    }

    private func giveBack(_ word: UInt64) {
        guard let takesBack, signature.result?.kind == .text, let address = UnsafeMutableRawPointer(bitPattern: UInt(word)) else { return }
        takesBack(address)
    }

    /// What the function itself said.
    private func reported(_ problem: UnsafePointer<CChar>) -> CRMError {
        let count: Int = strlen(problem)
        // Where the room ended, a letter may have been cut in the middle.
        for cut in 0...(count == Self.problemRoom - 1 ? 3 : 0) {
            let bytes = UnsafeRawBufferPointer(start: problem, count: count - cut)
            if let text = String(validating: bytes, as: UTF8.self) { return CRMError(.refused, text) }
        }
        return breach("reported a problem in a text that is not UTF-8")
    }

    /// One side does not keep to what the manifest says.
    private func breach(_ message: String, isPlugins: Bool = true) -> CRMError {
        CRMError(
            .refused, "the function \(signature.symbol) of the plugin \(plugin) \(message)",
            hint: isPlugins ? "This is a defect of the plugin: tell its maker, or switch it off." : "")
    }
}

extension FixedDecimal {
    /// The units at another count of decimals, a half rounded away from zero; nil when they do not fit into 64 bits.
    func rounded(to target: Int) -> Int64? {
        if scale <= target { return rescaled(to: target)?.units }
        var divisor: Int64 = 1
        for _ in 0..<min(scale - target, 18) { divisor *= 10 }
        let (whole, rest): (Int64, Int64) = units.quotientAndRemainder(dividingBy: divisor)
        return rest.magnitude >= UInt64(divisor) / 2 ? whole + (units < 0 ? -1 : 1) : whole
    }
}
