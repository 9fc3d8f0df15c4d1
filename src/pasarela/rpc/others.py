"""The procedures of libvirt's other drivers, which a daemon of networks refuses by their names.

It says that it does not support them, or, of those that change something, that a read-only
connection may not; the error's domain names the driver. Their arguments are not looked at.
"""

from __future__ import annotations

from functools import lru_cache

from pasarela.rpc.procedure import Family, Procedure

# NUMBER:NAME, less the "vir" that all begin with; NUMBER!:NAME where it changes something.
_NAMES = {
    Family.CONNECTION: """
        4:ConnectGetVersion 5:ConnectGetMaxVcpus 6:NodeGetInfo 7:ConnectGetCapabilities
        8!:DomainAttachDevice 9!:DomainCreate 10!:DomainCreateXML 11!:DomainDefineXML
        12!:DomainDestroy 13!:DomainDetachDevice 14:DomainGetXMLDesc 15:DomainGetAutostart
        16:DomainGetInfo 17:DomainGetMaxMemory 18:DomainGetMaxVcpus 19:DomainGetOSType
        20:DomainGetVcpus 21:ConnectListDefinedDomains 22:DomainLookupByID 23:DomainLookupByName
        24:DomainLookupByUUID 25:ConnectNumOfDefinedDomains 26!:DomainPinVcpu 27!:DomainReboot
        28!:DomainResume 29!:DomainSetAutostart 30!:DomainSetMaxMemory 31!:DomainSetMemory
        32!:DomainSetVcpus 33!:DomainShutdown 34!:DomainSuspend 35!:DomainUndefine
        37:ConnectListDomains 51:ConnectNumOfDomains 53!:DomainCoreDump 54!:DomainRestore
        55!:DomainSave 56:DomainGetSchedulerType 57:DomainGetSchedulerParameters
        58!:DomainSetSchedulerParameters 61!:DomainMigratePrepare
        62!:DomainMigratePerform 63!:DomainMigrateFinish 64:DomainBlockStats 65:DomainInterfaceStats
        101:NodeGetCellsFreeMemory 102:NodeGetFreeMemory 103!:DomainBlockPeek 104!:DomainMemoryPeek
        105:ConnectDomainEventRegisterAny 108!:DomainMigratePrepare2 109!:DomainMigrateFinish2
        121:DomainGetSecurityLabel 122:NodeGetSecurityModel 135!:ConnectDomainXMLFromNative
        136!:ConnectDomainXMLToNative 148!:DomainMigratePrepareTunnel 150:DomainIsActive
        151:DomainIsPersistent 158:ConnectCompareCPU 159:DomainMemoryStats
        160!:DomainAttachDeviceFlags 161!:DomainDetachDeviceFlags 162:ConnectBaselineCPU
        163:DomainGetJobInfo 164!:DomainAbortJob 166!:DomainMigrateSetMaxDowntime
        167:ConnectDomainEventRegisterAny 174!:DomainUpdateDeviceFlags 182!:DomainManagedSave
        183:DomainHasManagedSaveImage 184!:DomainManagedSaveRemove 194:DomainGetBlockInfo
        196!:DomainCreateWithFlags 197!:DomainSetMemoryParameters 198:DomainGetMemoryParameters
        199!:DomainSetVcpusFlags 200:DomainGetVcpusFlags 201!:DomainOpenConsole 202:DomainIsUpdated
        203:ConnectGetSysinfo 204!:DomainSetMemoryFlags 205!:DomainSetBlkioParameters
        206:DomainGetBlkioParameters 207!:DomainMigrateSetMaxSpeed 210!:DomainInjectNMI
        211!:DomainScreenshot 212:DomainGetState 213!:DomainMigrateBegin3 214!:DomainMigratePrepare3
        215!:DomainMigratePrepareTunnel3 216!:DomainMigratePerform3 217!:DomainMigrateFinish3
        218!:DomainMigrateConfirm3 219!:DomainSetSchedulerParametersFlags
        223:DomainGetSchedulerParametersFlags 225!:DomainPinVcpuFlags 226!:DomainSendKey
        227:NodeGetCPUStats 228:NodeGetMemoryStats 229:DomainGetControlInfo 230:DomainGetVcpuPinInfo
        231!:DomainUndefineFlags 232!:DomainSaveFlags 233!:DomainRestoreFlags
        234!:DomainDestroyFlags 235!:DomainSaveImageGetXMLDesc 236!:DomainSaveImageDefineXML
        237!:DomainBlockJobAbort 238:DomainGetBlockJobInfo 239!:DomainBlockJobSetSpeed
        240!:DomainBlockPull 242!:DomainMigrateGetMaxSpeed 243:DomainBlockStatsFlags
        245!:DomainReset 250!:NodeSuspendForDuration 251!:DomainBlockResize
        252!:DomainSetBlockIoTune 253:DomainGetBlockIoTune 254!:DomainSetNumaParameters
        255:DomainGetNumaParameters 256!:DomainSetInterfaceParameters
        257:DomainGetInterfaceParameters 258!:DomainShutdownFlags 261!:DomainPMSuspendForDuration
        262:DomainGetCPUStats 263:DomainGetDiskErrors 264!:DomainSetMetadata 265:DomainGetMetadata
        266!:DomainBlockRebase 267!:DomainPMWakeup 273:ConnectListAllDomains 277!:DomainGetHostname
        278:DomainGetSecurityLabelList 279!:DomainPinEmulator 280:DomainGetEmulatorPinInfo
        288!:NodeSetMemoryParameters 289:NodeGetMemoryParameters 290!:DomainBlockCommit
        293:NodeGetCPUMap 294!:DomainFSTrim 295:DomainSendProcessSignal 296!:DomainOpenChannel
        298:DomainGetJobStats 299:DomainMigrateGetCompressionCache
        300!:DomainMigrateSetCompressionCache 302!:DomainMigrateBegin3Params
        303!:DomainMigratePrepare3Params 304!:DomainMigratePrepareTunnel3Params
        305!:DomainMigratePerform3Params 306!:DomainMigrateFinish3Params
        307!:DomainMigrateConfirm3Params 308!:DomainSetMemoryStatsPeriod
        309!:DomainCreateXMLWithFiles 310!:DomainCreateWithFiles 312:ConnectGetCPUModelNames
        316:ConnectDomainEventRegisterAny 334!:DomainCoreDumpWithFormat 335!:DomainFSFreeze
        336!:DomainFSThaw 337!:DomainGetTime 338!:DomainSetTime 340:NodeGetFreePages
        342!:ConnectGetDomainCapabilities 343!:DomainOpenGraphicsFD 344:ConnectGetAllDomainStats
        345!:DomainBlockCopy 347!:NodeAllocPages 349!:DomainGetFSInfo 350!:DomainDefineXMLFlags
        351:DomainGetIOThreadInfo 352!:DomainPinIOThread 353:DomainInterfaceAddresses
        355!:DomainAddIOThread 356!:DomainDelIOThread 357!:DomainSetUserPassword 358:DomainRename
        364!:DomainMigrateStartPostCopy 365:DomainGetPerfEvents 366!:DomainSetPerfEvents
        371!:DomainGetGuestVcpus 372!:DomainSetGuestVcpus 384!:DomainSetVcpu
        386!:DomainSetBlockThreshold 387:DomainMigrateGetMaxDowntime 388:DomainManagedSaveGetXMLDesc
        389!:DomainManagedSaveDefineXML 390!:DomainSetLifecycleAction 392!:DomainDetachDeviceAlias
        393!:ConnectCompareHypervisorCPU 394:ConnectBaselineHypervisorCPU 395!:NodeGetSEVInfo
        396!:DomainGetLaunchSecurityInfo 402!:DomainSetIOThreadParams 418!:DomainGetGuestInfo
        420!:DomainAgentSetResponseTimeout 421!:DomainBackupBegin 422:DomainBackupGetXMLDesc
        424!:DomainAuthorizedSSHKeysGet 425!:DomainAuthorizedSSHKeysSet 426:DomainGetMessages
        427!:DomainStartDirtyRateCalc 439:DomainSetLaunchSecurityState 440!:DomainSaveParams
        441!:DomainRestoreParams 442!:DomainAbortJobFlags 443:DomainFDAssociate
        448!:DomainGraphicsReload 449:DomainGetAutostartOnce 450!:DomainSetAutostartOnce
        451!:DomainSetThrottleGroup
    """,
    Family.STORAGE: """
        71:ConnectNumOfStoragePools 72:ConnectListStoragePools 73:ConnectNumOfDefinedStoragePools
        74:ConnectListDefinedStoragePools 75!:ConnectFindStoragePoolSources 76!:StoragePoolCreateXML
        77!:StoragePoolDefineXML 78!:StoragePoolCreate 79!:StoragePoolBuild 80!:StoragePoolDestroy
        81!:StoragePoolDelete 82!:StoragePoolUndefine 83!:StoragePoolRefresh
        84:StoragePoolLookupByName 85:StoragePoolLookupByUUID 86:StoragePoolLookupByVolume
        87:StoragePoolGetInfo 88:StoragePoolGetXMLDesc 89:StoragePoolGetAutostart
        90!:StoragePoolSetAutostart 91:StoragePoolNumOfVolumes 92:StoragePoolListVolumes
        93!:StorageVolCreateXML 94!:StorageVolDelete 95:StorageVolLookupByName
        96:StorageVolLookupByKey 97:StorageVolLookupByPath 98:StorageVolGetInfo
        99:StorageVolGetXMLDesc 100:StorageVolGetPath 125!:StorageVolCreateXMLFrom
        154:StoragePoolIsActive 155:StoragePoolIsPersistent 165!:StorageVolWipe
        208!:StorageVolUpload 209!:StorageVolDownload 259!:StorageVolWipePattern
        260!:StorageVolResize 281:ConnectListAllStoragePools 282:StoragePoolListAllVolumes
        368:ConnectStoragePoolEventRegisterAny 378:StorageVolGetInfoFlags
        391:StoragePoolLookupByTargetPath 403:ConnectGetStoragePoolCapabilities
    """,
    Family.NODEDEV: """
        111:NodeNumOfDevices 112:NodeListDevices 113:NodeDeviceLookupByName 114:NodeDeviceGetXMLDesc
        115:NodeDeviceLookupByName 116:NodeDeviceNumOfCaps 117:NodeDeviceListCaps
        118!:NodeDeviceDettach 119!:NodeDeviceReAttach 120!:NodeDeviceReset 123!:NodeDeviceCreateXML
        124!:NodeDeviceDestroy 285:ConnectListAllNodeDevices 297:NodeDeviceLookupSCSIHostByWWN
        301!:NodeDeviceDetachFlags 374:ConnectNodeDeviceEventRegisterAny 428!:NodeDeviceDefineXML
        429!:NodeDeviceUndefine 430!:NodeDeviceCreate 433:NodeDeviceGetAutostart
        434!:NodeDeviceSetAutostart 435:NodeDeviceIsPersistent 436:NodeDeviceIsActive
        447!:NodeDeviceUpdate
    """,
    Family.SECRET: """
        139:ConnectNumOfSecrets 140:ConnectListSecrets 141:SecretLookupByUUID 142!:SecretDefineXML
        143:SecretGetXMLDesc 144!:SecretSetValue 145!:SecretGetValue 146!:SecretUndefine
        147:SecretLookupByUsage 287:ConnectListAllSecrets 380:ConnectSecretEventRegisterAny
    """,
    Family.FILTER: """
        175:NWFilterLookupByName 176:NWFilterLookupByUUID 177:NWFilterGetXMLDesc
        178:ConnectNumOfNWFilters 179:ConnectListNWFilters 180!:NWFilterDefineXML
        181!:NWFilterUndefine 286:ConnectListAllNWFilters 397:NWFilterBindingLookupByPortDev
        398:NWFilterBindingGetXMLDesc 399!:NWFilterBindingCreateXML 400!:NWFilterBindingDelete
        401:ConnectListAllNWFilterBindings 431!:NWFilterDefineXMLFlags
    """,
    Family.SNAPSHOT: """
        185!:DomainSnapshotCreateXML 186:DomainSnapshotGetXMLDesc 187:DomainSnapshotNum
        188:DomainSnapshotListNames 189:DomainSnapshotLookupByName 190:DomainHasCurrentSnapshot
        191:DomainSnapshotCurrent 192!:DomainRevertToSnapshot 193!:DomainSnapshotDelete
        244:DomainSnapshotGetParent 246:DomainSnapshotNumChildren
        247:DomainSnapshotListChildrenNames 271:DomainSnapshotIsCurrent
        272:DomainSnapshotHasMetadata 274:DomainListAllSnapshots 275:DomainSnapshotListAllChildren
    """,
    Family.CHECKPOINT: """
        411!:DomainCheckpointCreateXML 412:DomainCheckpointGetXMLDesc 413:DomainListAllCheckpoints
        414:DomainCheckpointListAllChildren 415:DomainCheckpointLookupByName
        416:DomainCheckpointGetParent 417!:DomainCheckpointDelete
    """,
}


def other_procedure(number: int) -> Procedure | None:
    """The procedure of another driver with this number."""
    return _others().get(number)


@lru_cache(maxsize=1)
def _others() -> dict[int, Procedure]:
    found = (_entry(family, word) for family, names in _NAMES.items() for word in names.split())
    return {procedure.number: procedure for procedure in found}


def _entry(family: Family, word: str) -> Procedure:
    number, _, name = word.partition(":")
    api = f"vir{name}"
    writes = number.endswith("!")
    return Procedure(int(number.rstrip("!")), api, family, api, writes=writes, supported=False)
