export declare class TracingModule {}
