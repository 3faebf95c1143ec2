export declare class ConfigModule {}
